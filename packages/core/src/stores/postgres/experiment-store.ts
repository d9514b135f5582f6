import type { Pool, PoolClient } from 'pg';
import type { AssignmentSnapshot } from '../../contracts/assignment-snapshot.ts';
import type { DocumentKind, LayerSpec, MetricSpec } from '../../contracts/experiment.ts';
import type {
  AnnouncementOutcome,
  DueAnnouncement,
  ExperimentRecords,
  ExperimentStore,
  ExperimentVersion,
  LogEntry,
  NewAnnouncement,
  NewDecision,
  NewLogEntry,
  Page,
  StoredDecision,
  StoredDocument,
  StoredExperiment,
} from '../experiment-store.ts';
import { poolSession } from './session.ts';

/** Held by every transaction that changes something: layers, allocations and snapshots are judged as a whole. */
const TAKE_TURNS = `SELECT pg_advisory_xact_lock(hashtext('shortlist experiments'))`;

const seconds = (column: string, name: string) => `date_part('epoch', ${column}) AS "${name}"`;
const VERSION = `v.version, v.spec, v.phase, ${seconds('v.created_at', 'createdAtS')},
  ${seconds('v.started_at', 'versionStartedAtS')}, v.actor`;
const EXPERIMENTS = `SELECT e.name, e.state, e.resource_version AS "resourceVersion", e.buckets,
    ${seconds('e.started_at', 'startedAtS')}, ${seconds('e.ended_at', 'endedAtS')}, e.promoted, ${VERSION}
  FROM experiments e JOIN experiment_versions v ON v.experiment = e.name AND v.version = e.version`;

const PUT_EXPERIMENT = `INSERT INTO experiments
    (name, state, version, resource_version, buckets, started_at, ended_at, promoted)
  VALUES ($1, $2, $3, $4, $5, to_timestamp($6::float8), to_timestamp($7::float8), $8)
  ON CONFLICT (name) DO UPDATE SET state = excluded.state, version = excluded.version,
    resource_version = excluded.resource_version, buckets = excluded.buckets, started_at = excluded.started_at,
    ended_at = excluded.ended_at, promoted = excluded.promoted`;
const PUT_VERSION = `INSERT INTO experiment_versions (experiment, version, spec, phase, created_at, started_at, actor)
  VALUES ($1, $2, $3, $4, to_timestamp($5::float8), to_timestamp($6::float8), $7)
  ON CONFLICT (experiment, version) DO UPDATE SET phase = excluded.phase, started_at = excluded.started_at`;

const ADD_DECISION = `INSERT INTO experiment_decisions (experiment, version, phase, decided_at, action, variant, reason, actor,
    dry_run, from_state, to_state, look, evidence, code_version)
  VALUES ($1, $2, $3, to_timestamp($4::float8), $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) RETURNING id::float8 AS id`;
const DECISIONS = `SELECT id::float8 AS id, experiment, version, phase, ${seconds('decided_at', 'decidedAtS')}, action, variant,
    reason, actor, dry_run AS "dryRun", from_state AS "from", to_state AS "to", look, evidence,
    code_version AS "codeVersion"
  FROM experiment_decisions WHERE experiment = $1 ORDER BY experiment_decisions.id`;

const ADD_LOG = `INSERT INTO experiment_log (logged_at, actor, action, kind, name, version, message, before, after)
  VALUES (to_timestamp($1::float8), $2, $3, $4, $5, $6, $7, $8, $9)`;
const LOG = `SELECT id::float8 AS id, ${seconds('logged_at', 'atS')}, actor, action, kind, name, version, message, before, after
  FROM experiment_log
  WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR name = $2) AND id > $4
    AND (NOT $3 OR before IS NOT NULL OR after IS NOT NULL)
  ORDER BY experiment_log.id LIMIT $5`;

const DUE = `SELECT id::float8 AS id, channel, body, attempts FROM experiment_announcements
  WHERE next_attempt_at <= to_timestamp($1::float8) ORDER BY next_attempt_at, experiment_announcements.id LIMIT $2`;

const jsonOf = (value: unknown): string | null =>
  value === null || value === undefined ? null : JSON.stringify(value);

/** Two tables of documents that are alike: a name, a spec, a resource version. */
class Documents<Spec> {
  readonly #queryable: Pool | PoolClient;
  readonly #table: string;

  constructor(queryable: Pool | PoolClient, table: 'experiment_layers' | 'experiment_metrics') {
    this.#queryable = queryable;
    this.#table = table;
  }

  async all(): Promise<readonly StoredDocument<Spec>[]> {
    const { rows } = await this.#queryable.query<StoredDocument<Spec>>(
      `SELECT name, spec, resource_version AS "resourceVersion" FROM ${this.#table} ORDER BY name COLLATE "C"`,
    );
    return rows;
  }

  async put({ name, spec, resourceVersion }: StoredDocument<Spec>): Promise<void> {
    await this.#queryable.query(
      `INSERT INTO ${this.#table} (name, spec, resource_version) VALUES ($1, $2, $3)
       ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, resource_version = excluded.resource_version`,
      [name, jsonOf(spec), resourceVersion],
    );
  }

  async delete(name: string): Promise<void> {
    await this.#queryable.query(`DELETE FROM ${this.#table} WHERE name = $1`, [name]);
  }
}

class PostgresExperimentRecords implements ExperimentRecords {
  readonly #queryable: Pool | PoolClient;
  readonly #layers: Documents<LayerSpec>;
  readonly #metrics: Documents<MetricSpec>;

  constructor(queryable: Pool | PoolClient) {
    this.#queryable = queryable;
    this.#layers = new Documents(queryable, 'experiment_layers');
    this.#metrics = new Documents(queryable, 'experiment_metrics');
  }

  layers = () => this.#layers.all();
  putLayer = (layer: StoredDocument<LayerSpec>) => this.#layers.put(layer);
  deleteLayer = (name: string) => this.#layers.delete(name);
  metrics = () => this.#metrics.all();
  putMetric = (metric: StoredDocument<MetricSpec>) => this.#metrics.put(metric);
  deleteMetric = (name: string) => this.#metrics.delete(name);

  async experiments(): Promise<readonly StoredExperiment[]> {
    const { rows } = await this.#queryable.query<ExperimentRow>(`${EXPERIMENTS} ORDER BY e.name COLLATE "C"`);
    return rows.map(toExperiment);
  }

  async experiment(name: string): Promise<StoredExperiment | undefined> {
    const { rows } = await this.#queryable.query<ExperimentRow>(`${EXPERIMENTS} WHERE e.name = $1`, [name]);
    return rows[0] && toExperiment(rows[0]);
  }

  async putExperiment(one: StoredExperiment): Promise<void> {
    const { name, state, resourceVersion, buckets, startedAtS, endedAtS, promoted, current } = one;
    const { version, spec, phase, createdAtS, actor } = current;
    await this.#queryable.query(PUT_EXPERIMENT, [
      ...[name, state, version, resourceVersion],
      ...[jsonOf(buckets), startedAtS, endedAtS, promoted],
    ]);
    await this.#queryable.query(PUT_VERSION, [
      ...[name, version, jsonOf(spec), phase],
      ...[createdAtS, current.startedAtS, actor],
    ]);
  }

  async deleteExperiment(name: string): Promise<void> {
    await this.#queryable.query('DELETE FROM experiments WHERE name = $1', [name]);
  }

  async versions(name: string): Promise<readonly ExperimentVersion[]> {
    const { rows } = await this.#queryable.query<VersionRow>(
      `SELECT ${VERSION} FROM experiment_versions v WHERE v.experiment = $1 ORDER BY v.version`,
      [name],
    );
    return rows.map(toVersion);
  }

  async addDecision(one: NewDecision): Promise<number> {
    const { rows } = await this.#queryable.query<{ id: number }>(ADD_DECISION, [
      ...[one.experiment, one.version, one.phase, one.decidedAtS, one.action, one.variant, one.reason],
      ...[one.actor, one.dryRun, one.from, one.to, jsonOf(one.look), jsonOf(one.evidence), one.codeVersion],
    ]);
    return rows[0]!.id;
  }

  async decisions(name: string): Promise<readonly StoredDecision[]> {
    return (await this.#queryable.query<StoredDecision>(DECISIONS, [name])).rows;
  }

  async addLog(one: NewLogEntry): Promise<void> {
    await this.#queryable.query(ADD_LOG, [
      ...[one.atS, one.actor, one.action, one.kind, one.name, one.version, one.message],
      ...[jsonOf(one.before), jsonOf(one.after)],
    ]);
  }

  async log(
    { kind, name, changes = false }: { kind?: DocumentKind; name?: string; changes?: boolean },
    { afterId = 0, max }: Page,
  ): Promise<readonly LogEntry[]> {
    const values = [kind ?? null, name ?? null, changes, afterId, max];
    return (await this.#queryable.query<LogEntry>(LOG, values)).rows;
  }

  async addSnapshot(snapshot: AssignmentSnapshot): Promise<void> {
    const { version, publishedAtS, digest } = snapshot;
    await this.#queryable.query('INSERT INTO assignment_snapshots VALUES ($1, to_timestamp($2::float8), $3, $4)', [
      version,
      publishedAtS,
      digest,
      jsonOf(snapshot),
    ]);
  }

  async latestSnapshot(): Promise<AssignmentSnapshot | undefined> {
    const { rows } = await this.#queryable.query<{ body: AssignmentSnapshot }>(
      'SELECT body FROM assignment_snapshots ORDER BY version DESC LIMIT 1',
    );
    return rows[0]?.body;
  }

  async addAnnouncement({ channel, body, nextAttemptAtS }: NewAnnouncement): Promise<void> {
    const text = `INSERT INTO experiment_announcements (channel, body, next_attempt_at)
      VALUES ($1, $2, to_timestamp($3::float8))`;
    await this.#queryable.query(text, [channel, jsonOf(body), nextAttemptAtS]);
  }

  async dueAnnouncements(nowS: number, max: number): Promise<readonly DueAnnouncement[]> {
    return (await this.#queryable.query<DueAnnouncement>(DUE, [nowS, max])).rows;
  }

  async settleAnnouncement(id: number, outcome: AnnouncementOutcome): Promise<void> {
    const [deliveredAtS, error, nextS] =
      'error' in outcome ? [null, outcome.error, outcome.nextAttemptAtS] : [outcome.deliveredAtS, null, null];
    const text = `UPDATE experiment_announcements SET attempts = attempts + 1, delivered_at = to_timestamp($2::float8),
      last_error = $3, next_attempt_at = to_timestamp($4::float8) WHERE id = $1`;
    await this.#queryable.query(text, [id, deliveredAtS, error, nextS]);
  }

  async announcementCounts(): Promise<{ waiting: number; failed: number }> {
    const { rows } = await this.#queryable.query<{ waiting: number; failed: number }>(
      `SELECT count(next_attempt_at)::int AS waiting,
         count(*) FILTER (WHERE next_attempt_at IS NULL AND delivered_at IS NULL)::int AS failed
       FROM experiment_announcements`,
    );
    return rows[0]!;
  }
}

/** Experiments in the tables of migration 1764500000000. */
export class PostgresExperimentStore extends PostgresExperimentRecords implements ExperimentStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    super(pool);
    this.#pool = pool;
  }

  transaction<T>(work: (records: ExperimentRecords) => Promise<T>): Promise<T> {
    return poolSession(this.#pool).transaction(async (client) => {
      await client.query(TAKE_TURNS);
      return work(new PostgresExperimentRecords(client));
    });
  }
}

interface VersionRow extends Omit<ExperimentVersion, 'startedAtS'> {
  readonly versionStartedAtS: number | null;
}
type ExperimentRow = VersionRow & Omit<StoredExperiment, 'current'>;

const toVersion = ({ version, spec, phase, createdAtS, versionStartedAtS, actor }: VersionRow): ExperimentVersion => ({
  ...{ version, spec, phase, createdAtS, startedAtS: versionStartedAtS, actor },
});

function toExperiment(row: ExperimentRow): StoredExperiment {
  const { name, state, resourceVersion, buckets, startedAtS, endedAtS, promoted } = row;
  return { name, state, resourceVersion, current: toVersion(row), buckets, startedAtS, endedAtS, promoted };
}
