import { assign, type Assignment, type AssignmentInput } from '@shortlist/core/assignment/assign.ts';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import type { CompiledSnapshot } from '@shortlist/core/assignment/compiled-snapshot.ts';
import { keptPlacements, type PlaceUnit } from '@shortlist/core/assignment/placement.ts';
import { openSnapshot } from '@shortlist/core/assignment/seal-snapshot.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** Where a snapshot came from. `disk` is what the pod kept itself. */
export type SnapshotSource = 'redis' | 'file' | 'disk';

/** As `/status` shows it. */
export interface AssignmentBookStatus {
  readonly version: number | null;
  /** Of the database that published it; null: it says none. */
  readonly lineage: string | null;
  readonly source: SnapshotSource | 'none';
  readonly published_at: string | null;
  /** Seconds since its source last had it; of one from disk, since it was published. */
  readonly age_s: number | null;
  readonly experiments: readonly string[];
  readonly last_refusal: { readonly source: SnapshotSource; readonly reason: string; readonly at: string } | null;
}

interface Entry {
  readonly compiled: CompiledSnapshot;
  readonly place: PlaceUnit;
  readonly text: string;
  readonly lineage: string | null;
  readonly source: SnapshotSource;
  readonly confirmedMs: number;
}

/**
 * The snapshot in force: the newest sound one that was ever offered. What is damaged, invalid or older changes nothing. Versions are
 * compared within a lineage: one of another, offered by what is there now (not by the pod's own disk), is of a
 * database that was made anew, and takes over whatever its version.
 */
export class AssignmentBook {
  readonly #unitsMax: number;
  readonly #nowMs: () => number;
  #entry: Entry | null = null;
  #refusal: AssignmentBookStatus['last_refusal'] = null;
  #refusedText: string | null = null;

  /** `nowMs`: the clock that the experiments service tells the time by, ms. */
  constructor(options: { unitsMax: number; nowMs?: () => number }) {
    this.#unitsMax = options.unitsMax;
    this.#nowMs = options.nowMs ?? Date.now;
  }

  /** Null while there is none. */
  get compiled(): CompiledSnapshot | null {
    return this.#entry?.compiled ?? null;
  }

  assign(input: AssignmentInput): readonly Assignment[] {
    if (this.#entry === null) return NOTHING;
    return assign(this.#entry.compiled, input, this.#entry.place);
  }

  /**
   * Offers what `source` has. `taken`: it is in force now; `same`: it was already; `refused`: the one before stays, and
   * `status` says why. `known`: the same text was refused before.
   */
  offer(text: string, source: SnapshotSource): 'taken' | 'same' | 'refused' | 'known' {
    if (text === this.#entry?.text) {
      this.#entry = { ...this.#entry, source, confirmedMs: this.#nowMs() };
      return 'same';
    }
    if (text === this.#refusedText) return 'known';
    try {
      this.#take(text, source);
      this.#refusal = this.#refusedText = null;
      return 'taken';
    } catch (error) {
      if (!(error instanceof ShortlistError)) throw error;
      this.#refusedText = text;
      const at = new Date(this.#nowMs()).toISOString();
      this.#refusal = { source, reason: `${error.code}: ${error.message}`, at };
      return 'refused';
    }
  }

  status(): AssignmentBookStatus {
    const { compiled, source, confirmedMs } = this.#entry ?? {};
    return {
      version: compiled?.version ?? null,
      lineage: this.#entry?.lineage ?? null,
      source: source ?? 'none',
      published_at: compiled === undefined ? null : new Date(compiled.publishedAtS * 1000).toISOString(),
      age_s: confirmedMs === undefined ? null : Math.max(0, Math.round((this.#nowMs() - confirmedMs) / 100) / 10),
      experiments: compiled?.layers.flatMap(({ experiments }) => experiments.map(({ name }) => name)) ?? [],
      last_refusal: this.#refusal,
    };
  }

  #take(text: string, source: SnapshotSource): void {
    const snapshot = openSnapshot(text);
    const lineage = snapshot.lineage ?? null;
    const isOther = this.#entry !== null && this.#entry.lineage !== lineage && source !== 'disk';
    const present = isOther ? -1 : (this.#entry?.compiled.version ?? -1);
    if (snapshot.version <= present)
      throw new ShortlistError('snapshot_invalid', {
        path: 'version',
        reason: `${snapshot.version} is not newer than ${present}, which is in force`,
      });
    const compiled = compileSnapshot(snapshot);
    this.#entry = {
      compiled,
      place: keptPlacements(compiled, this.#unitsMax),
      text,
      lineage,
      source,
      confirmedMs: source === 'disk' ? snapshot.publishedAtS * 1000 : this.#nowMs(),
    };
  }
}

const NOTHING: readonly Assignment[] = [];
