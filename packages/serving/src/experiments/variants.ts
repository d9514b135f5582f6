import type { Assignment, AssignmentInput } from '@shortlist/core/assignment/assign.ts';
import type {
  CompiledExperiment,
  CompiledSnapshot,
  CompiledVariant,
} from '@shortlist/core/assignment/compiled-snapshot.ts';
import type { Enrolment } from '@shortlist/core/assignment/enrolment.ts';
import { effectiveParameters, type ParametersPatch } from '@shortlist/core/contracts/effective-parameters.ts';
import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import type { LoadedRelease } from '@shortlist/core/release/loaded-release.ts';
import type { AssignmentBook } from './assignment-book.ts';

/** Why control answers for a variant. */
export const RELEASE_NOT_LOADED = 'release_not_loaded';

/** Most sets of variants whose parameters are kept for a release; beyond them all are made anew. */
const SETS_MAX = 1_000;

export interface VariantsOptions {
  readonly book: Pick<AssignmentBook, 'assign' | 'compiled'>;
  /** `current` throws `not_ready` while there is none; `loaded` finds a release that is held for an experiment. */
  readonly releases: {
    readonly current: LoadedRelease;
    /** When `current` was chosen, unix seconds by the pod's clock; a promotion before that is superseded. */
    readonly chosenAtS?: number;
    loaded?(id: string): LoadedRelease | null;
  };
  /** Laid over every release's own parameters, below promotions and variants. */
  readonly parameters: ParametersPatch | undefined;
}

/** What a slate is made with. */
export interface Recipe {
  readonly release: LoadedRelease;
  readonly parameters: Parameters;
}

/** What another variant of an experiment would answer with, where that has to be known. */
export interface Alternative extends Recipe {
  readonly experiment: CompiledExperiment;
}

/** What a request is answered with. */
export interface Choice extends Recipe {
  readonly enrolments: readonly Enrolment[];
  readonly alternatives: readonly Alternative[];
}

/**
 * From assignments to what is served: release and parameters of every set of variants, made when the set is first met and
 * kept, so that nothing is merged per request.
 */
export class Variants {
  readonly #options: VariantsOptions;
  /** Parameters by release and set of variants, as long as the snapshot holds. */
  #parameters = new WeakMap<LoadedRelease, Map<string, Parameters>>();
  #of: CompiledSnapshot | null = null;

  constructor(options: VariantsOptions) {
    this.#options = options;
  }

  /**
   * The release that answers where no experiment says otherwise: the pod's, or the one promoted last, if that was after the
   * pod's was chosen and it is loaded. Errors: `not_ready`.
   */
  get active(): LoadedRelease {
    const { book, releases } = this.#options;
    // Read first: a pod that has no release of its own is not ready, whatever was promoted.
    const { current, chosenAtS = -Infinity } = releases;
    const promoted = book.compiled?.promotedRelease ?? null;
    if (promoted === null || promoted.atS < chosenAtS) return current;
    return releases.loaded?.(promoted.id) ?? current;
  }

  /** Parameters of a release for who is in no experiment. */
  parametersOf(release: LoadedRelease): Parameters {
    return this.#parametersOf(release, []);
  }

  choose(input: AssignmentInput): Choice {
    const assignments = this.#options.book.assign(input);
    if (assignments.length === 0)
      return { ...this.#recipeOf([]), enrolments: NO_ENROLMENTS, alternatives: NO_ALTERNATIVES };
    const served: CompiledVariant[] = [];
    const enrolments = assignments.map((assignment, i) => {
      const { variant, reason } = this.#servable(assignment);
      // What is woven into control's slate is computed beside it.
      served[i] = assignment.experiment.type === 'interleaving' ? assignment.experiment.variants[0]! : variant;
      return reason === null ? assignment.enrolment : { ...assignment.enrolment, served: variant.name, reason };
    });
    return { ...this.#recipeOf(served), enrolments, alternatives: this.#alternatives(assignments, enrolments, served) };
  }

  /** Of experiments that need the other variants' slates, too, and can have them all. */
  #alternatives(
    assignments: readonly Assignment[],
    enrolments: readonly Enrolment[],
    served: readonly CompiledVariant[],
  ): readonly Alternative[] {
    let alternatives: Alternative[] | null = null;
    assignments.forEach(({ experiment }, i) => {
      if ((experiment.type === 'ab' && !experiment.triggered) || enrolments[i]!.reason !== null) return;
      const others = experiment.variants.filter((variant) => variant !== served[i]);
      if (others.some((variant) => this.#named(variant) === undefined)) return;
      for (const other of others) (alternatives ??= []).push({ experiment, ...this.#recipeOf(served.with(i, other)) });
    });
    return alternatives ?? NO_ALTERNATIVES;
  }

  /** Release and parameters of a set of variants, of which one at most names a release. */
  #recipeOf(variants: readonly CompiledVariant[]): Recipe {
    let release: LoadedRelease | null | undefined = null;
    for (const variant of variants) release ??= this.#named(variant);
    release ??= this.active;
    return { release, parameters: this.#parametersOf(release, variants) };
  }

  /** The variant that can answer: the assigned one if its release is loaded; of woven ones both must be. */
  #servable({ experiment, variant }: Assignment): { variant: CompiledVariant; reason: string | null } {
    const needed = experiment.type === 'interleaving' ? experiment.variants : [variant];
    if (needed.every((one) => this.#named(one) !== undefined)) return { variant, reason: null };
    return { variant: experiment.variants[0]!, reason: RELEASE_NOT_LOADED };
  }

  /** Null: it names none; undefined: the one it names is not loaded. */
  #named({ release }: CompiledVariant): LoadedRelease | null | undefined {
    if (release === null) return null;
    const { releases } = this.#options;
    if (releases.current.id === release) return releases.current;
    return releases.loaded?.(release) ?? undefined;
  }

  #parametersOf(release: LoadedRelease, variants: readonly CompiledVariant[]): Parameters {
    const snapshot = this.#options.book.compiled;
    if (snapshot !== this.#of) {
      this.#parameters = new WeakMap();
      this.#of = snapshot;
    }
    let known = this.#parameters.get(release);
    if (known === undefined || known.size > SETS_MAX)
      this.#parameters.set(release, (known = new Map<string, Parameters>()));
    const promotedRelease = snapshot?.promotedRelease?.id ?? null;
    // What was proven together with a release does not hold while another one answers.
    const isServed = promotedRelease === null || this.active.id === promotedRelease;
    // Layers come in one order, so a set has one key.
    let set = isServed ? 'p' : '';
    for (const { changes, ordinal } of variants) if (changes) set += `,${ordinal}`;
    let parameters = known.get(set);
    if (parameters === undefined) {
      const promotions = (snapshot?.promoted ?? []).filter((one) => isServed || one.release !== promotedRelease);
      const patches = [...promotions, ...variants].map((one) => one.parameters);
      parameters = effectiveParameters(release.parameters, this.#options.parameters ?? {}, ...patches);
      known.set(set, parameters);
    }
    return parameters;
  }
}

const NO_ENROLMENTS: readonly Enrolment[] = [];
const NO_ALTERNATIVES: readonly Alternative[] = [];
