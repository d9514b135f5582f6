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

interface Announcement extends DueAnnouncement {
  readonly nextAttemptAtS: number | null;
  readonly deliveredAtS: number | null;
}

interface State {
  layers: Map<string, StoredDocument<LayerSpec>>;
  metrics: Map<string, StoredDocument<MetricSpec>>;
  experiments: Map<string, StoredExperiment>;
  /** By experiment, then version. */
  versions: Map<string, Map<number, ExperimentVersion>>;
  decisions: StoredDecision[];
  log: LogEntry[];
  snapshots: AssignmentSnapshot[];
  announcements: Map<number, Announcement>;
  lastId: number;
}

const sorted = <T extends { readonly name: string }>(map: ReadonlyMap<string, T>): T[] =>
  [...map.values()].sort((a, b) => (a.name < b.name ? -1 : 1));

/** As it comes back from a database: a copy, and of JSON. */
const stored = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Experiments in memory: for unit tests. Transactions take turns. */
export class MemoryExperimentStore implements ExperimentStore {
  #state: State = {
    layers: new Map([['default', { name: 'default', spec: { unit: 'user', holdout: 0 }, resourceVersion: 1 }]]),
    metrics: new Map(),
    experiments: new Map(),
    versions: new Map(),
    decisions: [],
    log: [],
    snapshots: [],
    announcements: new Map(),
    lastId: 0,
  };
  #last: Promise<unknown> = Promise.resolve();

  transaction<T>(work: (records: ExperimentRecords) => Promise<T>): Promise<T> {
    const result = this.#last.then(async () => {
      const saved = structuredClone(this.#state);
      try {
        return await work(this);
      } catch (error) {
        this.#state = saved;
        throw error;
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  layers = () => Promise.resolve(sorted(this.#state.layers));
  metrics = () => Promise.resolve(sorted(this.#state.metrics));
  experiments = () => Promise.resolve(sorted(this.#state.experiments));
  experiment = (name: string) => Promise.resolve(this.#state.experiments.get(name));

  putLayer(layer: StoredDocument<LayerSpec>): Promise<void> {
    this.#state.layers.set(layer.name, stored(layer));
    return Promise.resolve();
  }

  deleteLayer(name: string): Promise<void> {
    this.#state.layers.delete(name);
    return Promise.resolve();
  }

  putMetric(metric: StoredDocument<MetricSpec>): Promise<void> {
    this.#state.metrics.set(metric.name, stored(metric));
    return Promise.resolve();
  }

  deleteMetric(name: string): Promise<void> {
    this.#state.metrics.delete(name);
    return Promise.resolve();
  }

  putExperiment(experiment: StoredExperiment): Promise<void> {
    const { name } = experiment;
    const current = stored(experiment.current);
    this.#state.experiments.set(name, { ...stored(experiment), current });
    const versions = this.#state.versions.get(name) ?? new Map<number, ExperimentVersion>();
    this.#state.versions.set(name, versions.set(current.version, current));
    return Promise.resolve();
  }

  deleteExperiment(name: string): Promise<void> {
    this.#state.experiments.delete(name);
    this.#state.versions.delete(name);
    this.#state.decisions = this.#state.decisions.filter(({ experiment }) => experiment !== name);
    return Promise.resolve();
  }

  versions(name: string): Promise<readonly ExperimentVersion[]> {
    const versions = [...(this.#state.versions.get(name)?.values() ?? [])];
    return Promise.resolve(versions.sort((a, b) => a.version - b.version));
  }

  addDecision(decision: NewDecision): Promise<number> {
    const id = this.#nextId();
    this.#state.decisions.push({ ...stored(decision), id });
    return Promise.resolve(id);
  }

  decisions(name: string): Promise<readonly StoredDecision[]> {
    return Promise.resolve(this.#state.decisions.filter(({ experiment }) => experiment === name));
  }

  addLog(entry: NewLogEntry): Promise<void> {
    this.#state.log.push({ ...stored(entry), id: this.#nextId() });
    return Promise.resolve();
  }

  log(
    { kind, name, changes = false }: { kind?: DocumentKind; name?: string; changes?: boolean },
    { afterId = 0, max }: Page,
  ): Promise<readonly LogEntry[]> {
    const wanted = this.#state.log.filter(
      (entry) =>
        (kind === undefined || entry.kind === kind) &&
        (name === undefined || entry.name === name) &&
        (!changes || entry.before !== null || entry.after !== null) &&
        entry.id > afterId,
    );
    return Promise.resolve(wanted.slice(0, max));
  }

  addSnapshot(snapshot: AssignmentSnapshot): Promise<void> {
    this.#state.snapshots.push(stored(snapshot));
    return Promise.resolve();
  }

  latestSnapshot(): Promise<AssignmentSnapshot | undefined> {
    return Promise.resolve(this.#state.snapshots.at(-1));
  }

  addAnnouncement({ channel, body, nextAttemptAtS }: NewAnnouncement): Promise<void> {
    const id = this.#nextId();
    const waiting = { id, channel, body: stored(body), attempts: 0, nextAttemptAtS, deliveredAtS: null };
    this.#state.announcements.set(id, waiting);
    return Promise.resolve();
  }

  dueAnnouncements(nowS: number, max: number): Promise<readonly DueAnnouncement[]> {
    const due = [...this.#state.announcements.values()]
      .filter(({ nextAttemptAtS }) => nextAttemptAtS !== null && nextAttemptAtS <= nowS)
      .sort((a, b) => a.nextAttemptAtS! - b.nextAttemptAtS! || a.id - b.id);
    return Promise.resolve(
      due.slice(0, max).map(({ id, channel, body, attempts }) => ({ id, channel, body, attempts })),
    );
  }

  settleAnnouncement(id: number, outcome: AnnouncementOutcome): Promise<void> {
    const one = this.#state.announcements.get(id)!;
    const settled =
      'error' in outcome
        ? { nextAttemptAtS: outcome.nextAttemptAtS, deliveredAtS: null }
        : { nextAttemptAtS: null, deliveredAtS: outcome.deliveredAtS };
    this.#state.announcements.set(id, { ...one, ...settled, attempts: one.attempts + 1 });
    return Promise.resolve();
  }

  announcementCounts(): Promise<{ waiting: number; failed: number }> {
    const all = [...this.#state.announcements.values()];
    const waiting = all.filter(({ nextAttemptAtS }) => nextAttemptAtS !== null).length;
    const failed = all.filter((one) => one.nextAttemptAtS === null && one.deliveredAtS === null).length;
    return Promise.resolve({ waiting, failed });
  }

  #nextId(): number {
    this.#state.lastId += 1;
    return this.#state.lastId;
  }
}
