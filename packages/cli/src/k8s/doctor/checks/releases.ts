import { TEMPLATE_ANNOTATIONS } from '@shortlist/core/contracts/model-release-resource.ts';
import type { Pod } from '../../objects.ts';
import { COMPONENT_LABEL, SERVING } from '../../names.ts';
import { listOf, type Installation, type PodStatus } from '../installation.ts';
import { findingsOf, type Row } from '../row.ts';

const releases = findingsOf('releases');
const snapshots = findingsOf('snapshots');

/** From this age on `SnapshotOld` fires, too. */
const SNAPSHOT_AGE_MAX_S = 60;

interface Ranking {
  readonly pod: string;
  readonly annotated: string | undefined;
  readonly status: PodStatus | undefined;
  readonly reason: string;
}

/** Pods of serving that are there to stay, with what they say of themselves. */
function rankingPods({ pods, podStatuses }: Installation): Ranking[] {
  const mine = ({ metadata, status }: Pod) =>
    metadata.labels?.[COMPONENT_LABEL] === SERVING &&
    metadata.deletionTimestamp === undefined &&
    status?.phase === 'Running';
  return listOf(pods)
    .filter(mine)
    .map(({ metadata }) => {
      const look = podStatuses.get(metadata.name);
      const annotations = metadata.annotations ?? {};
      const release = annotations[TEMPLATE_ANNOTATIONS.release];
      return {
        pod: metadata.name,
        annotated:
          release === undefined || release === ''
            ? undefined
            : `${release} ${annotations[TEMPLATE_ANNOTATIONS.manifestSha256] ?? ''}`.trim(),
        status: look?.state === 'found' ? look.value : undefined,
        reason: look?.state === 'unknown' ? look.reason : 'it was not asked',
      };
    });
}

/** Do all pods answer from the release that was asked for? */
export function checkReleases(installation: Installation): Row[] {
  const { ok, warning, problem, unknown } = releases;
  if (installation.pods.state === 'unknown') return [unknown('pods', installation.pods.reason)];
  const tried = canaries(installation);
  const all = rankingPods(installation);
  if (all.length === 0) return [];
  const ranking = all.filter(({ pod }) => !tried.has(pod));
  const rows: Row[] = [];
  const subject = `${ranking.length} pods of ${SERVING}`;
  const asked = groups(ranking, ({ annotated }) => annotated);
  if (asked.size > 1)
    rows.push(
      warning(subject, `are of different releases: ${describe(asked)}`, {
        remedy: `a roll-out is under way, or stuck: kubectl rollout status deployment/${SERVING}`,
        page: 'runbooks/release-skew.md',
      }),
    );
  const silent = all.filter(({ status }) => status === undefined);
  if (silent.length > 0)
    rows.push(
      unknown(
        `${silent.length} of ${all.length} pods of ${SERVING}`,
        `/status cannot be read: ${silent[0]!.reason}`,
        PROXY,
      ),
    );
  const loaded = groups(ranking, ({ status }) => status?.release?.active ?? undefined);
  if (loaded.size > 1 && asked.size <= 1)
    rows.push(
      problem(subject, `answer from different releases: ${describe(loaded)}`, {
        remedy: `the rows of refusals say why; else kubectl rollout restart deployment/${SERVING}`,
        page: 'runbooks/release-skew.md',
      }),
    );
  rows.push(...refusals(all), ...others(ranking));
  if (rows.length > 0) return rows;
  const [release] = loaded.keys();
  if (release === undefined)
    return [
      problem(subject, 'serve no release', { remedy: 'make one: docs/kubernetes.md', page: 'runbooks/pods-absent.md' }),
    ];
  const trying =
    all.length === ranking.length ? '' : `; ${all.length - ranking.length} more try another for a ModelRelease`;
  return [ok(subject, `all answer from ${release}${trying}`)];
}

/** Pods that a ModelRelease lets serve its release before the others. */
function canaries({ modelReleases }: Installation): Set<string> {
  const trying = listOf(modelReleases).filter(({ status }) => TRYING.has(status?.phase));
  return new Set(trying.flatMap(({ status }) => (status?.canaryPods as readonly string[] | undefined) ?? []));
}

const TRYING: ReadonlySet<unknown> = new Set(['Canary', 'AwaitingPromotion']);

const PROXY = {
  remedy:
    'needs `get` on pods/proxy, and a network policy that lets the API server reach the pods; by hand: kubectl port-forward',
};

function refusals(ranking: readonly Ranking[]): Row[] {
  return ranking.flatMap(({ pod, status }) => {
    const refusal = status?.release?.last_refusal;
    if (refusal === undefined || refusal === null || refusal.release === status?.release?.active) return [];
    return [
      releases.warning(`pod/${pod}`, `refused ${refusal.release} at ${refusal.at}: ${refusal.reason}`, {
        remedy: 'mend or withdraw that release; the one before serves on',
        page: 'runbooks/release-refused.md',
      }),
    ];
  });
}

/** Pods that answer from another release than their template names; of its digest they make sure themselves. */
function others(ranking: readonly Ranking[]): Row[] {
  return ranking.flatMap(({ pod, annotated, status }) => {
    const [asked] = annotated?.split(' ') ?? [];
    const active = status?.release?.active;
    if (asked === undefined || active === undefined || active === asked) return [];
    return [
      releases.problem(`pod/${pod}`, `answers from ${active ?? 'no release'}, its template names ${asked}`, {
        remedy: `kubectl logs ${pod} says what it loaded`,
        page: 'runbooks/release-refused.md',
      }),
    ];
  });
}

/** Do all pods go by an assignment snapshot that somebody has confirmed? */
export function checkSnapshots(installation: Installation): Row[] {
  const { ok, problem, unknown } = snapshots;
  const ranking = rankingPods(installation).filter(({ status }) => status !== undefined);
  const silent = rankingPods(installation).length - ranking.length;
  const rows: Row[] = silent === 0 ? [] : [unknown(`${silent} pods of ${SERVING}`, '/status cannot be read', PROXY)];
  if (ranking.length === 0) return rows;
  const ages = ranking.map(({ status }) => status?.pipeline?.experiments?.age_s ?? null);
  const old = ages.filter((age) => age !== null && age > SNAPSHOT_AGE_MAX_S);
  const never = ages.filter((age) => age === null);
  const remedy = {
    remedy: 'look whether experiments has a leader and both reach Redis: kubectl logs deployment/experiments',
    page: 'runbooks/snapshot-old.md',
  };
  if (old.length > 0)
    rows.push(
      problem(
        `${old.length} pods of ${SERVING}`,
        `go by a snapshot that is ${Math.max(...(old as number[]))} s old`,
        remedy,
      ),
    );
  if (never.length > 0)
    rows.push(problem(`${never.length} pods of ${SERVING}`, 'have had no snapshot: everybody gets control', remedy));
  if (old.length + never.length === 0)
    rows.push(ok(`${ranking.length} pods of ${SERVING}`, `snapshot at most ${Math.max(...(ages as number[]))} s old`));
  return rows;
}

function groups(ranking: readonly Ranking[], of: (pod: Ranking) => string | undefined): Map<string, number> {
  const counts = new Map<string, number>();
  for (const pod of ranking) {
    const value = of(pod);
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return counts;
}

const describe = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([release, pods]) => `${pods} of ${release}`).join(', ');
