import type { Assignment, AssignmentInput } from '@shortlist/core/assignment/assign.ts';
import type { CompiledSnapshot, CompiledVariant } from '@shortlist/core/assignment/compiled-snapshot.ts';
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
  readonly releases: { readonly current: LoadedRelease; loaded?(id: string): LoadedRelease | null };
  /** Laid over every release's own parameters, below promotions and variants. */
  readonly parameters: ParametersPatch | undefined;
}

/** What a request is answered with. */
export interface Choice {
  readonly release: LoadedRelease;
  readonly parameters: Parameters;
  readonly enrolments: readonly Enrolment[];
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

  /** The release that answers where no experiment says otherwise: the one promoted last, or the pod's. Errors: `not_ready`. */
  get active(): LoadedRelease {
    const { book, releases } = this.#options;
    const promoted = book.compiled?.promotedRelease ?? null;
    // Read first: a pod that has no release of its own is not ready, whatever was promoted.
    const { current } = releases;
    return promoted === null ? current : (releases.loaded?.(promoted) ?? current);
  }

  /** Parameters of a release for who is in no experiment. */
  parametersOf(release: LoadedRelease): Parameters {
    return this.#parametersOf(release, []);
  }

  choose(input: AssignmentInput): Choice {
    const assignments = this.#options.book.assign(input);
    if (assignments.length === 0) {
      const { active } = this;
      return { release: active, parameters: this.#parametersOf(active, []), enrolments: NO_ENROLMENTS };
    }
    let release: LoadedRelease | null = null;
    const served: CompiledVariant[] = [];
    const enrolments = assignments.map((assignment) => {
      const { variant, reason, release: named } = this.#servable(assignment);
      release ??= named;
      if (variant.changes) served.push(variant);
      if (reason === null) return assignment.enrolment;
      return { ...assignment.enrolment, served: variant.name, reason };
    });
    release ??= this.active;
    return { release, parameters: this.#parametersOf(release, served), enrolments };
  }

  /** The variant that can answer, with the release that it names, if it is loaded. */
  #servable({ experiment, variant }: Assignment): {
    variant: CompiledVariant;
    reason: string | null;
    release: LoadedRelease | null;
  } {
    const named = this.#named(variant);
    if (named !== undefined) return { variant, reason: null, release: named };
    const control = experiment.variants[0]!;
    return { variant: control, reason: RELEASE_NOT_LOADED, release: this.#named(control) ?? null };
  }

  /** Null: it names none; undefined: the one it names is not loaded. */
  #named({ release }: CompiledVariant): LoadedRelease | null | undefined {
    if (release === null) return null;
    const { releases } = this.#options;
    if (releases.current.id === release) return releases.current;
    return releases.loaded?.(release) ?? undefined;
  }

  #isLoaded(id: string): boolean {
    const { releases } = this.#options;
    return (releases.loaded?.(id) ?? null) !== null;
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
    const { promotedRelease = null } = snapshot ?? {};
    // What was proven together with a release does not hold while another one answers.
    const isServed = promotedRelease === null || this.#isLoaded(promotedRelease);
    // Layers come in one order, so a set has one key.
    let set = isServed ? 'p' : '';
    for (const { ordinal } of variants) set += `,${ordinal}`;
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
