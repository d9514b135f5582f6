import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import { loadRelease } from '@shortlist/core/release/load-release.ts';
import { Pace } from '@shortlist/core/release/pace.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { codedDatabaseError, createPool } from '@shortlist/core/stores/postgres/connection.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import type { Config } from './config.ts';
import { createRecommender } from './create-recommender.ts';
import { AssignmentBook } from './experiments/assignment-book.ts';
import { SnapshotWatch, type SnapshotWatchOptions } from './experiments/snapshot-watch.ts';
import { LoadTurn } from './load-turn.ts';
import { LiveRecommender } from './live/live-recommender.ts';
import { Live } from './live/open-live.ts';
import type { OpenContext, OpenedPod } from './pod.ts';
import type { NamedRelease } from './recommender.ts';
import { openRecords } from './records/open-records.ts';
import { ReleaseHolder } from './release-holder.ts';
import { RuleBook } from './rules/rule-book.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');
/** How many of the failures that answers survived are logged a second; the metrics count all of them. */
const FAILURES_LOGGED_PER_S = 10;
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * Everything a pod serves with: rules, the active release (loaded, checked against its golden outputs, warm), profiles,
 * the pipeline. Throws `release_*` and `rules_invalid`. A database that is down is no reason not to start: answers say
 * that they were made without a profile, and recover with it.
 */
export async function openPod({ config, log, observer, admission, tracing }: OpenContext): Promise<OpenedPod> {
  const rules = config.rulesFile === '' ? RuleBook.none() : await RuleBook.open(resolve(REPOSITORY, config.rulesFile));
  const load = async (dir: string, manifestSha256: string): Promise<LoadedRelease> => {
    const pace = releases.ready ? Pace.shared(() => admission.isBusy) : Pace.alone();
    const release = await live.attach(await loadRelease(dir, { manifestSha256, pace, spareRows: live.spareRows }));
    try {
      await recommender.warmUp(release, pace);
      return release;
    } catch (error) {
      await release.close();
      throw error;
    }
  };
  const loadTurn = LoadTurn.ofProcess();
  const releases: ReleaseHolder = new ReleaseHolder({
    registry: registryOf(config),
    pinned: pinnedOf(config),
    heldMax: config.variantReleasesMax,
    clockOffsetS: config.clockOffsetS,
    // No request lives longer, so the memory of a release that was swapped out is soon free.
    graceMs: 2 * Math.max(config.deadlineMs, config.deadlineMaxMs),
    // The first one is wanted by all at once; later ones come in turn, so that the others serve at full speed meanwhile.
    load: (dir, sha256) => (releases.ready ? loadTurn.run(() => load(dir, sha256)) : load(dir, sha256)),
    onSwap: (release, previous) => log.info({ release: release.id, previous: previous?.id ?? null }, 'release serves'),
    onRefusal: (refusal) => log.error(refusal, 'release refused'),
  });
  const nowS = () => Date.now() / 1000 + config.clockOffsetS;
  const live = new Live(config, log, nowS);
  const pool = await openPool(config, log);
  const redis = await openRedis(config, log);
  const logFailure = limited(FAILURES_LOGGED_PER_S);
  const records = await openRecords(config, log, tracing);
  let holding: Promise<void> = Promise.resolve();
  const assignments = new AssignmentBook({ unitsMax: config.unitsKeptMax, nowMs: () => nowS() * 1000 });
  const watch = watchOf(config, redis, {
    book: assignments,
    onTaken: (replaced) => {
      const { version, releases: named } = assignments.compiled!;
      const { lineage } = assignments.status();
      if (replaced !== null)
        log.warn({ lineage, replaced }, 'experiments of another database are in force from now on');
      log.info({ version, releases: named }, 'assignment snapshot in force');
      holding = releases.hold(named);
    },
    onFailure: (what, error) => log.error({ what, err: error }, 'assigning as before'),
  });
  const recommender = createRecommender({
    releases,
    assignments,
    rules,
    profiles: pool && postgresStores(pool).profiles,
    limits: config,
    admission,
    nowS,
    observer,
    profileCache: {
      ttlMs: config.profileCacheMs,
      notifiedTtlMs: config.profileCacheNotifiedMs,
      entriesMax: config.profileCacheMax,
      logReadsMax: config.databaseConnectionsMax,
    },
    ...(redis === null
      ? {}
      : {
          redis: {
            stores: redisStores(redis),
            timeoutMs: config.redisTimeoutMs,
            recommendTtlS: config.recommendCacheS,
          },
        }),
    ...(records === null ? {} : { records: { sink: records, limits: config } }),
    onFailure: (what, error, requestIds) =>
      logFailure(() => log.warn({ what, err: error, request_ids: requestIds }, 'served without')),
  });
  const close = async (): Promise<void> => {
    await watch?.close();
    await recommender.close();
    await records?.close();
    await live.close();
    await releases.close();
    redis?.close();
    await pool?.end();
  };
  try {
    await releases.reload();
    await watch?.start();
    // Whoever is in an experiment meets the same variant before and after a restart.
    await holding;
    await live.start();
  } catch (error) {
    await close();
    throw error;
  }
  releases.watch();
  return {
    recommender: new LiveRecommender(recommender, live),
    releases,
    live,
    answers: recommender.answers,
    records: recommender.records,
    assignments,
    database: pool,
    close,
  };
}

/** Null: `active.json` names it. @throws `config_invalid` */
function pinnedOf({ release, releaseManifestSha256 }: Config): NamedRelease | null {
  if (release !== '') return { release, manifest_sha256: releaseManifestSha256 };
  if (releaseManifestSha256 === '') return null;
  const reason = 'it is the digest of no release: set SHORTLIST_RELEASE, too';
  throw new ShortlistError('config_invalid', { setting: 'SHORTLIST_RELEASE_MANIFEST_SHA256', reason });
}

const folderOf = ({ home, dataset }: Config): string => join(resolve(REPOSITORY, home), 'datasets', dataset);

/** Null where nobody could bring a snapshot. */
function watchOf(
  config: Config,
  redis: RedisConnection | null,
  told: Pick<SnapshotWatchOptions, 'book' | 'onTaken' | 'onFailure'>,
): SnapshotWatch | null {
  const keptFile = join(folderOf(config), 'assignment-snapshot.json');
  if (config.assignmentsFile !== '')
    return new SnapshotWatch({ ...told, keptFile, from: { file: resolve(REPOSITORY, config.assignmentsFile) } });
  return redis && new SnapshotWatch({ ...told, keptFile, from: { store: redisStores(redis).assignments } });
}

function registryOf(config: Config): ReleaseRegistry {
  const { dataset } = config;
  const folder = folderOf(config);
  return new ReleaseRegistry({
    dataset,
    releasesDir: join(folder, 'releases'),
    activePath: join(folder, 'active.json'),
  });
}

/** Connects before the first request needs it, since connecting takes longer than a profile may. */
async function openPool({ databaseUrl, databaseConnectionsMax, databaseTimeoutMs }: Config, log: Logger) {
  if (databaseUrl === '') {
    log.warn('no DATABASE_URL: only context.recent_items makes an answer personal');
    return null;
  }
  const pool = createPool(databaseUrl, {
    connectionsMax: databaseConnectionsMax,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
    statementTimeoutMs: databaseTimeoutMs,
    idleTimeoutMs: 0,
    applicationName: 'shortlist-serving',
  });
  try {
    await Promise.all(Array.from({ length: databaseConnectionsMax }, () => pool.query('SELECT 1')));
    await prepareReads(pool, databaseConnectionsMax);
  } catch (error) {
    const coded = codedDatabaseError(error, databaseUrl);
    if (!(coded instanceof ShortlistError)) throw error;
    log.error({ code: coded.code, details: coded.details }, `${coded.message} Serving without profiles meanwhile.`);
  }
  return pool;
}

/** Commands of a connection that hangs are given up long after the requests that sent them have gone on. */
const COMMAND_TIMEOUT_MS = 1_000;

/** A Redis that is down is no reason not to start: answers say that they were made without it, and recover with it. */
async function openRedis({ redisUrl, dataset }: Config, log: Logger): Promise<RedisConnection | null> {
  if (redisUrl === '') return null;
  const connection = new RedisConnection(redisUrl, {
    dataset,
    name: 'shortlist-serving',
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
  });
  try {
    await connection.check();
  } catch (error) {
    if (!(error instanceof ShortlistError)) throw error;
    log.error({ code: error.code, details: error.details }, `${error.message} Serving without it meanwhile.`);
  }
  return connection;
}

/** Every connection plans a statement when it first runs it. A failure here is one that every answer will declare. */
async function prepareReads(pool: ReturnType<typeof createPool>, connections: number): Promise<void> {
  const { profiles } = postgresStores(pool);
  for (const unit of [{ userId: '' }, { sessionId: '' }])
    await Promise.allSettled(Array.from({ length: connections }, () => profiles.recent(unit, 1)));
}

/** Lets `perS` calls through in every second: a database that is down must not drown the log. */
function limited(perS: number): (write: () => void) => void {
  let second = 0;
  let written = 0;
  return (write) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) written = 0;
    second = now;
    if (written++ < perS) write();
  };
}
