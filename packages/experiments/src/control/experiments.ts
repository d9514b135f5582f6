import type { AssignmentSnapshot } from '@shortlist/core/contracts/assignment-snapshot.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { DocumentKind, ExperimentsDocument, MetricSpec } from '@shortlist/core/contracts/experiment.ts';
import type { ExperimentStore, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import type { Channel } from '../announcements/announcement.ts';
import type { Decision } from '../decisions/decide.ts';
import type { Evidence } from '../decisions/evidence.ts';
import type { Action } from '../decisions/state-machine.ts';
import { renewSnapshot } from '../publisher/snapshot-content.ts';
import type { Applied } from './applied.ts';
import { applyDocuments, deleteDocument, validateDocuments, type Validation } from './apply-documents.ts';
import { applyExperiment } from './apply-experiment.ts';
import { SERVICE, type Change } from './change.ts';
import { refuseConflict } from './conflict.ts';
import { moveExperiment } from './move-experiment.ts';
import { rampedSpec } from './ramp.ts';
import { settle } from './settle.ts';

export interface ExperimentsOptions {
  readonly store: ExperimentStore;
  readonly builtInMetrics: ReadonlyMap<string, MetricSpec>;
  readonly releases: () => Promise<ReadonlySet<string> | null>;
  /** Unix seconds. */
  readonly nowS: () => number;
  readonly codeVersion: string;
  readonly channels: readonly Channel[];
  /** Told after each change that was kept, with the snapshot that holds now. */
  readonly onChanged: (snapshot: AssignmentSnapshot) => void;
}

/** Which version of an experiment the caller has seen; anything, when absent. */
export interface Seen {
  readonly resourceVersion?: number;
}

/** Every change of experiments, each in one transaction: state, decision, snapshot and announcements, or nothing. */
export class Experiments {
  readonly #options: ExperimentsOptions;

  constructor(options: ExperimentsOptions) {
    this.#options = options;
  }

  apply(documents: readonly ExperimentsDocument[], actor: string): Promise<readonly Applied[]> {
    return this.#change(actor, (change) => applyDocuments(change, documents));
  }

  /** Everything wrong with documents; changes nothing. */
  async validate(documents: readonly ExperimentsDocument[], actor: string): Promise<readonly Validation[]> {
    let found: readonly Validation[] = [];
    const undo = new Error('validated');
    try {
      const releases = await this.#options.releases();
      await this.#options.store.transaction(async (records) => {
        found = await validateDocuments(this.#changeIn(records, actor, releases), documents);
        throw undo;
      });
    } catch (error) {
      if (error !== undo) throw error;
    }
    return found;
  }

  async remove(kind: DocumentKind, name: string, actor: string, seen: Seen = {}): Promise<void> {
    await this.#change(actor, (change) => deleteDocument(change, { kind, name, ...seen }));
  }

  /** A person's move: start, stop, or what the service would decide. */
  move(
    name: string,
    actor: string,
    options: { action: Action; reason: string; variant?: string | null; evidence?: Evidence | null } & Seen,
  ): Promise<StoredExperiment> {
    return this.#change(actor, async (change) => {
      const experiment = await found(change, name, options);
      return moveExperiment(change, experiment, options);
    });
  }

  /** Lets in more units: a configuration version whose ramp grows. `atS` absent: now. */
  ramp(name: string, actor: string, { share, atS, ...seen }: { share: number; atS?: number } & Seen): Promise<Applied> {
    return this.#change(actor, async (change) => {
      const { nowS } = change;
      const experiment = await found(change, name, seen);
      if (experiment.state !== 'running') {
        const { state } = experiment;
        throw new ShortlistError('transition_refused', {
          experiment: name,
          state,
          reason: 'only a running one has a ramp',
        });
      }
      const spec = rampedSpec(name, experiment.current.spec, { share, atS: atS ?? nowS, nowS });
      return applyExperiment(change, {
        apiVersion: 'shortlist.dev/v1alpha1',
        kind: 'Experiment',
        metadata: { name },
        spec,
      });
    });
  }

  /** Decides by the numbers of an analysis, and does it. Null: there was nothing to decide. */
  settle(name: string, evidence: Evidence | null, staleAfterS: number): Promise<Decision | null> {
    return this.#change(SERVICE, (change) => settle(change, name, evidence, staleAfterS));
  }

  /** Makes sure that there is a snapshot, and that it says what the tables say. */
  async renew(): Promise<AssignmentSnapshot> {
    const { store, nowS } = this.#options;
    return store.transaction((records) => renewSnapshot(records, nowS()));
  }

  async #change<T>(actor: string, work: (change: Change) => Promise<T>): Promise<T> {
    const { store, nowS, onChanged } = this.#options;
    const releases = await this.#options.releases();
    const { result, snapshot } = await store.transaction(async (records) => {
      const done = await work(this.#changeIn(records, actor, releases));
      return { result: done, snapshot: await renewSnapshot(records, nowS()) };
    });
    onChanged(snapshot);
    return result;
  }

  #changeIn(records: Change['records'], actor: string, releases: Change['releases']): Change {
    const { nowS, builtInMetrics, codeVersion, channels } = this.#options;
    return { records, actor, nowS: nowS(), builtInMetrics, releases, codeVersion, channels };
  }
}

async function found({ records }: Change, name: string, { resourceVersion }: Seen): Promise<StoredExperiment> {
  const experiment = await records.experiment(name);
  if (experiment === undefined) throw new ShortlistError('document_not_found', { kind: 'Experiment', name });
  const seen = resourceVersion === undefined ? { name } : { name, resourceVersion };
  refuseConflict('Experiment', seen, experiment.resourceVersion);
  return experiment;
}
