import type {
  ModelReleaseSpec,
  ModelReleaseStatus,
  ReleasePhase,
} from '@shortlist/core/contracts/model-release-resource.ts';
import { RESOURCE_GROUP, RESOURCE_VERSION } from '@shortlist/core/contracts/resource-status.ts';
import type { KubeResource, ResourceType } from '../runtime/kube-object.ts';

export type ModelRelease = KubeResource<ModelReleaseSpec, ModelReleaseStatus>;

export const MODEL_RELEASES: ResourceType = {
  ...{ group: RESOURCE_GROUP, version: RESOURCE_VERSION, plural: 'modelreleases', kind: 'ModelRelease' },
};

/** A release by its id and the digest of its manifest.json, hex; empty: any. */
export interface NamedRelease {
  readonly release: string;
  readonly manifestSha256: string;
}

/** On its way: of one deployment one release is at a time. */
const UNDER_WAY: ReadonlySet<ReleasePhase> = new Set([
  ...(['Loading', 'Canary', 'AwaitingPromotion', 'Promoting', 'RollingBack'] as const),
]);
/** Nothing more happens by itself, but that its pod template may be named again. */
const ENDED: ReadonlySet<ReleasePhase> = new Set(['RolledBack', 'Failed', 'Superseded']);

export const isUnderWay = (phase: ReleasePhase): boolean => UNDER_WAY.has(phase);
export const hasEnded = (phase: ReleasePhase): boolean => ENDED.has(phase);

/** Of one that nobody looked at yet: Pending. */
export const phaseOf = ({ status }: Pick<ModelRelease, 'status'>): ReleasePhase => status?.phase ?? 'Pending';

/**
 * The name of the one that goes first, or null: another one of the deployment that is under way, or that waits for longer.
 * All see the same order, so two never begin at once.
 */
export function waitsFor(release: ModelRelease, all: readonly ModelRelease[]): string | null {
  const others = all.filter(
    ({ metadata, spec }) => metadata.name !== release.metadata.name && spec.deployment === release.spec.deployment,
  );
  const underWay = others.find((other) => isUnderWay(phaseOf(other)));
  const earlier = others.filter((other) => phaseOf(other) === 'Pending').find((other) => before(other, release));
  return (underWay ?? earlier)?.metadata.name ?? null;
}

function before({ metadata: a }: ModelRelease, { metadata: b }: ModelRelease): boolean {
  const [created, other] = [a.creationTimestamp ?? '', b.creationTimestamp ?? ''];
  return created === other ? a.name < b.name : created < other;
}
