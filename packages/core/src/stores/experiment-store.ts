import type { AssignmentSnapshot } from '../contracts/assignment-snapshot.ts';
import type { DocumentKind, ExperimentSpec, LayerSpec, MetricSpec } from '../contracts/experiment.ts';

export const EXPERIMENT_STATES = ['draft', 'running', 'needs_attention', 'promoted', 'rolled_back', 'stopped'] as const;
export type ExperimentState = (typeof EXPERIMENT_STATES)[number];

/** Buckets of a layer, half-open: [from, to). */
export interface BucketRange {
  readonly from: number;
  readonly to: number;
}

/** A document that is no experiment. */
export interface StoredDocument<Spec> {
  readonly name: string;
  readonly spec: Spec;
  /** Grows with every change, from 1. */
  readonly resourceVersion: number;
}

/** One configuration of an experiment; never changed but for `startedAtS`. Times: unix seconds. */
export interface ExperimentVersion {
  readonly version: number;
  readonly spec: ExperimentSpec;
  /** First version of its phase of analysis. */
  readonly phase: number;
  readonly createdAtS: number;
  /** Null: it never ran. */
  readonly startedAtS: number | null;
  readonly actor: string;
}

export interface StoredExperiment {
  readonly name: string;
  readonly state: ExperimentState;
  readonly resourceVersion: number;
  /** The configuration that holds. */
  readonly current: ExperimentVersion;
  /** Of its layer; empty while it does not run. */
  readonly buckets: readonly BucketRange[];
  readonly startedAtS: number | null;
  readonly endedAtS: number | null;
  /** The variant that everybody gets. */
  readonly promoted: string | null;
}

export interface NewDecision {
  readonly experiment: string;
  readonly version: number;
  readonly phase: number;
  readonly decidedAtS: number;
  readonly action: 'look' | 'roll_back' | 'promote' | 'needs_attention' | 'stop' | 'resume';
  readonly variant: string | null;
  readonly reason: string;
  /** `service`, or who. */
  readonly actor: string;
  /** True: it would have been decided, and nothing was changed. */
  readonly dryRun: boolean;
  readonly from: ExperimentState;
  readonly to: ExperimentState;
  /** JSON: the planned look that was made. */
  readonly look: unknown;
  /** JSON: all numbers it rests on; null where a person decided without. */
  readonly evidence: unknown;
  readonly codeVersion: string;
}

export interface StoredDecision extends NewDecision {
  readonly id: number;
}

export interface NewLogEntry {
  readonly atS: number;
  /** `service`, or who. */
  readonly actor: string;
  /** created, updated, deleted, started, ramped, stopped, promoted, rolled_back, look, ... */
  readonly action: string;
  readonly kind: DocumentKind;
  readonly name: string;
  readonly version: number | null;
  readonly message: string;
  /** Specs, where a document changed; else null. */
  readonly before: unknown;
  readonly after: unknown;
}

export interface LogEntry extends NewLogEntry {
  readonly id: number;
}

export interface NewAnnouncement {
  readonly channel: string;
  readonly body: unknown;
  readonly nextAttemptAtS: number;
}

export interface DueAnnouncement {
  readonly id: number;
  readonly channel: string;
  readonly body: unknown;
  /** Made so far. */
  readonly attempts: number;
}

/** What became of one attempt. */
export type AnnouncementOutcome =
  | { readonly deliveredAtS: number }
  /** Null: it is given up. */
  | { readonly error: string; readonly nextAttemptAtS: number | null };

export interface Page {
  /** Only entries with larger ids; default: from the first. */
  readonly afterId?: number;
  readonly max: number;
}

/** Experiments, what they name, and everything that was decided. Lists are ascending by name, version or id. */
export interface ExperimentRecords {
  layers(): Promise<readonly StoredDocument<LayerSpec>[]>;
  putLayer(layer: StoredDocument<LayerSpec>): Promise<void>;
  deleteLayer(name: string): Promise<void>;
  metrics(): Promise<readonly StoredDocument<MetricSpec>[]>;
  putMetric(metric: StoredDocument<MetricSpec>): Promise<void>;
  deleteMetric(name: string): Promise<void>;
  experiments(): Promise<readonly StoredExperiment[]>;
  experiment(name: string): Promise<StoredExperiment | undefined>;
  /** Inserts or replaces; keeps `current` among the versions. */
  putExperiment(experiment: StoredExperiment): Promise<void>;
  /** With its versions and decisions; the log stays. */
  deleteExperiment(name: string): Promise<void>;
  versions(name: string): Promise<readonly ExperimentVersion[]>;
  /** Returns its id. */
  addDecision(decision: NewDecision): Promise<number>;
  decisions(name: string): Promise<readonly StoredDecision[]>;
  addLog(entry: NewLogEntry): Promise<void>;
  /** Of one document, or of all; `changes`: only those that changed a document. */
  log(filter: { kind?: DocumentKind; name?: string; changes?: boolean }, page: Page): Promise<readonly LogEntry[]>;
  addSnapshot(snapshot: AssignmentSnapshot): Promise<void>;
  /** The one with the highest version. */
  latestSnapshot(): Promise<AssignmentSnapshot | undefined>;
  addAnnouncement(announcement: NewAnnouncement): Promise<void>;
  /** Those whose next attempt is due, the longest waiting first. */
  dueAnnouncements(nowS: number, max: number): Promise<readonly DueAnnouncement[]>;
  settleAnnouncement(id: number, outcome: AnnouncementOutcome): Promise<void>;
  /** How many wait, and how many were given up. */
  announcementCounts(): Promise<{ readonly waiting: number; readonly failed: number }>;
}

/** Reads stand alone; changes are made in transactions, which take turns, whichever process they are of. */
export interface ExperimentStore extends ExperimentRecords {
  /** Keeps all changes of `work` (when it returns) or none (when it throws). */
  transaction<T>(work: (records: ExperimentRecords) => Promise<T>): Promise<T>;
}
