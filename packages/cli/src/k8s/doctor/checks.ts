import { checkApi } from './checks/api.ts';
import { checkAutoscaler } from './checks/autoscaler.ts';
import { checkDefinitions, checkResources } from './checks/definitions.ts';
import { checkDisruption } from './checks/disruption.ts';
import { checkLeader } from './checks/leader.ts';
import { checkMetrics } from './checks/metrics.ts';
import { checkMigrations } from './checks/migrations.ts';
import { checkNamespace } from './checks/namespace.ts';
import { checkObservation } from './checks/observation.ts';
import { checkReferences } from './checks/references.ts';
import { checkReleases, checkSnapshots } from './checks/releases.ts';
import { checkVersions } from './checks/versions.ts';
import { checkWorkloads } from './checks/workloads.ts';
import type { Installation } from './installation.ts';
import type { Row } from './row.ts';

/** All of `shortlist k8s doctor`, in the order of its rows: what others depend on comes first. */
const CHECKS: readonly ((installation: Installation) => Row[])[] = [
  checkApi,
  checkNamespace,
  checkDefinitions,
  checkReferences,
  checkMigrations,
  checkWorkloads,
  checkVersions,
  checkReleases,
  checkSnapshots,
  checkLeader,
  checkResources,
  checkMetrics,
  checkAutoscaler,
  checkDisruption,
  checkObservation,
];

/** Pure: what can be said about an installation from what the API server returned. */
export const examine = (installation: Installation): Row[] => CHECKS.flatMap((check) => check(installation));
