import { Type, type Static } from 'typebox';
import { RELEASE_ID_PATTERN } from '@shortlist/core/contracts/release-manifest.ts';
import * as service from '@shortlist/service/config.ts';

const { flag, int, text, SHARED_CONFIG, portsConfig } = service;

/** Everything a ranking pod can be told. `docs/configuration.md` is generated from this. */
export const ConfigSchema = Type.Object(
  {
    ...SHARED_CONFIG,
    ...portsConfig({ http: 8080, admin: 8081, adminRoutes: '`/reload-model` and `/admin/dashboard`' }),
    home: text('.shortlist', {
      pattern: '.',
      description: 'Workspace that holds `datasets/<dataset>/releases` and `active.json`. Relative to the repository.',
    }),
    release: text('', {
      pattern: `^$|${RELEASE_ID_PATTERN}`,
      description:
        'Release that the pod serves, whatever `active.json` says or an experiment promoted; the pod does not start without it. The pod template of a Kubernetes Deployment names it (docs/adr/0018). Empty: the pod follows `active.json`.',
    }),
    releaseManifestSha256: text('', {
      pattern: '^$|^[0-9a-f]{64}$',
      description:
        "SHA-256 of that release's manifest.json, which holds the digests of all its files: another content of the same name is refused. Empty: any.",
    }),
    databaseUrl: text('', {
      pattern: '^$|^postgres(ql)?://',
      description:
        'PostgreSQL that holds the events. Empty: no stored profiles, so only `context.recent_items` makes an answer personal. `shortlist up` sets it.',
    }),
    rulesFile: text('', {
      description:
        'YAML file of business rules, reloaded when it changes. Empty: no rules. Relative to the repository.',
    }),
    redisUrl: text('', {
      pattern: '^$|^rediss?://',
      description:
        'Redis or Valkey with profiles, ready answers and the live stream of stock, prices, new items, counters and trends. Empty: profiles come from PostgreSQL, answers are computed, the pod serves what its release knows. `shortlist up` sets it.',
    }),
    redisTimeoutMs: int(8, 1, 1_000, {
      unit: 'ms',
      description:
        'Longest that a request waits for Redis; then PostgreSQL is asked, or the answer computed. The profile stage has 20 ms in all.',
    }),
    clockOffsetS: Type.Number({
      minimum: -1e10,
      maximum: 1e10,
      default: 0,
      unit: 's',
      description:
        'Added to the real time, for a shop whose data is of the past, where everything would seem years old. `shortlist up` chooses.',
    }),
    liveSpareShare: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.1,
      unit: 'share',
      description:
        'Room for items that are new since the release, as a share of its own. Takes memory as if they were there; items that find no room wait for the next release and show in `/status`.',
    }),
    liveSpareRowsMin: int(1_000, 0, 1_000_000, { unit: 'items', description: 'Least room for new items.' }),
    liveLagMaxMs: int(10_000, 1_000, 86_400_000, {
      unit: 'ms',
      description: 'From this age of the live state on answers name `live` in `degraded`.',
    }),
    leakCheckEvery: int(100, 0, 1_000_000, {
      unit: 'slates',
      description:
        'Every how many-th slate is compared with the stock in PostgreSQL, after it was sent. 0: none is compared.',
    }),
    deadlineMs: int(100, 1, 60_000, {
      unit: 'ms',
      description:
        'How long an answer may take when the request does not bring a `deadline_ms`; when its turn would come too late it gets 503, at once where that can be foreseen.',
    }),
    deadlineMaxMs: int(5_000, 1, 60_000, {
      unit: 'ms',
      description: 'Most that a `deadline_ms` counts for; never less than `deadlineMs`.',
    }),
    batchRequestsMax: int(32, 1, 256, {
      unit: 'requests',
      description: 'Most requests ranked in one call of the model.',
    }),
    batchRowsMax: int(2_048, 1, 65_536, {
      unit: 'rows',
      description: 'Most candidates ranked in one call of the model.',
    }),
    batchWaitMs: int(0, 0, 10, {
      unit: 'ms',
      description: 'How long a batch waits for company. 0 is best on a CPU: a timer only adds latency.',
    }),
    queueMax: int(256, 1, 10_000, {
      unit: 'requests',
      description:
        'Most requests in flight; one more gets 503 at once. The adaptive limit starts here and never exceeds it.',
    }),
    queueTargetMs: int(15, 0, 10_000, {
      unit: 'ms',
      description:
        'Queue time that the adaptive limit steers for: how many requests may be in flight falls while the shortest wait is above it. 0: the limit stays at `queueMax`.',
    }),
    prefetchShare: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.5,
      unit: 'share',
      description:
        'Share of the limit up to which requests of priority `prefetch` are taken; they wait behind all shoppers and make room for them.',
    }),
    degradeUnderLoad: flag(true, {
      description:
        'Lighter answers before refusals: fewer candidates, then no model, then lists alone. Every answer names its level in `degraded`.',
    }),
    databaseConnectionsMax: int(8, 1, 100, { unit: 'connections', description: 'Most connections to PostgreSQL.' }),
    databaseTimeoutMs: int(1_000, 1, 10_000, {
      unit: 'ms',
      description:
        'Longest read of a profile. An answer does not wait for it so long: it is made without and says so, and what comes too late for it is kept for the next one.',
    }),
    profileCacheMax: int(20_000, 1, 10_000_000, { unit: 'profiles', description: 'Most profiles kept in memory.' }),
    profileCacheMs: int(1_000, 0, 3_600_000, {
      unit: 'ms',
      description:
        'How stale a kept profile may be while nobody tells the pod what changes. 0: it is read anew for every request.',
    }),
    profileCacheNotifiedMs: int(30_000, 0, 3_600_000, {
      unit: 'ms',
      description: 'How long a profile is kept while Redis tells the pod at once what changes.',
    }),
    recommendCacheS: int(0, 0, 3_600, {
      unit: 's',
      description:
        'How long the slate of a request may be given again to the same one, unless the shopper did something meanwhile; such answers say `cached`. 0: never. 300 is a good value where the same page is shown again and again.',
    }),
    assignmentsFile: text('', {
      description:
        'File of an assignment snapshot (docs/experiments), looked at every 2 s. Empty: the snapshot that the experiments service publishes in Redis. Relative to the repository.',
    }),
    variantReleasesMax: int(3, 0, 20, {
      unit: 'releases',
      description:
        'Most releases that are loaded beside the active one for variants of experiments; a variant whose release is not is answered by control, and recorded so.',
    }),
    unitsKeptMax: int(20_000, 1, 10_000_000, {
      unit: 'units',
      description: 'Users, and as many sessions, whose places in the experiments are kept in memory.',
    }),
    recordsUrl: text('', {
      pattern: '^$|^https?://',
      description:
        'Ingest service that takes slates and exposures, e.g. `http://ingest:8090`. Empty: they stay in the spool until a pod has one. `shortlist up` sets it.',
    }),
    recordsSpool: text('', {
      description:
        'Folder in which slates and exposures wait for the ingest service; pods of one machine may share it. Written without fsync: what is there survives the end of the pod, not that of the machine. Empty: they wait in memory. Empty, and no `recordsUrl`: nothing is recorded. Relative to the repository. `shortlist up` sets it.',
    }),
    recordsSpoolBytesMax: int(268_435_456, 1_048_576, 1_099_511_627_776, {
      unit: 'bytes',
      description:
        'Most that waits in the spool of one pod (about 200,000 slates); what would exceed it waits in memory.',
    }),
    recordsMemoryBytesMax: int(16_777_216, 65_536, 1_073_741_824, {
      unit: 'bytes',
      description: 'Most that waits in memory; when that is full too, the newest is dropped and counted.',
    }),
    recordsQueueMax: int(10_000, 1, 1_000_000, {
      unit: 'records',
      description: 'Most records that wait to be written down; one more is dropped and counted.',
    }),
    recordsFlushMs: int(20, 1, 100, {
      unit: 'ms',
      description:
        'How often records are written to the spool: what was answered since is lost with a pod that is killed.',
    }),
    recordsTimeoutMs: int(5_000, 100, 60_000, {
      unit: 'ms',
      description: 'Longest request to the ingest service; then it is sent again, later and later up to every 5 s.',
    }),
    exposureMemoryMax: int(100_000, 1, 10_000_000, {
      unit: 'exposures',
      description: 'How many exposures a pod remembers to have recorded; the log keeps the first of each anyway.',
    }),
  },
  { additionalProperties: false },
);

export type Config = Readonly<Static<typeof ConfigSchema>>;

/** The plain prefix: the ranking pod is what Shortlist is. */
export const CONFIG_PROGRAM = { schema: ConfigSchema, prefix: 'SHORTLIST_' } as const;

/** @throws `config_invalid` */
export function readConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  return service.readConfig(CONFIG_PROGRAM, variables);
}
