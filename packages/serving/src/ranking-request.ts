import type { Enrolment } from '@shortlist/core/assignment/enrolment.ts';
import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import { EMPTY_PROFILE_EVENTS, type Profile, type ProfileEvents } from '@shortlist/core/contracts/profile.ts';
import type { RecommendRequest, Tier } from '@shortlist/core/contracts/recommend.ts';
import type { FeatureRequest } from '@shortlist/core/features/feature-context.ts';
import { DROP_REASONS, type Eligibility } from './eligibility.ts';
import type { Alternative } from './experiments/variants.ts';
import type { RequestTrace } from './recommender.ts';
import type { ReleaseWorkspace, Slot } from './release-workspace.ts';
import { NO_RULES, type ActiveRules } from './rules/compiled-rules.ts';
import type { Placement } from './placement.ts';

/** Whose events make the profile. */
export type Unit = { readonly userId: string } | { readonly sessionId: string };

/**
 * One request on its way through the stages. Each stage fills its own part and reads those above it; nothing else
 * passes between stages.
 */
export class RankingRequest {
  readonly id: string;
  readonly body: RecommendRequest;
  /** Rows that are to be ranked, distinct; null where the candidates are to be found. */
  readonly given: Int32Array | null;
  readonly trace: RequestTrace | undefined;
  /** Unix seconds. */
  readonly nowS: number;
  /** Moment on the clock of deadlines (batching/loop-clock.ts), in ms, by which its batch must have begun. */
  readonly deadlineMs: number;
  /** When it began, on performance.now()'s clock, ms. */
  readonly startedMs = performance.now();
  /** Stages that could not do their work. */
  readonly degraded: string[] = [];

  // 1 assign
  /** Of the release that answers. */
  workspace: ReleaseWorkspace;
  parameters: Parameters;
  rules: ActiveRules = NO_RULES;
  unit: Unit | null = null;
  /** Experiments that the request is in; empty while no snapshot holds any. */
  enrolments: readonly Enrolment[] = [];
  /** What other variants would answer with, where the experiment wants to know; computed beside the slate. */
  alternatives: readonly Alternative[] = [];
  /** Category code asked for; -1 = none, or one that the catalogue does not have. */
  category = -1;

  // 2 profile
  events: ProfileEvents = EMPTY_PROFILE_EVENTS;
  profile: Profile = NO_PROFILE;
  tier: Tier = 'trending';
  eligibility: Eligibility | null = null;

  // 3 retrieve
  /** Lent while the batch computes; null before and after. */
  slot: Slot | null = null;
  userVector: Float32Array | null = null;

  // 4 filter
  /** How many candidates each reason removed, by code in DROP_REASONS. */
  readonly dropped = new Uint32Array(DROP_REASONS.length);
  /** Whether what the sources found was too little for the slate. */
  toppedUp = false;

  // 5 rank
  /** How many candidates the model scored, the first ones; 0: it was not asked. */
  modelled = 0;

  // 6 rerank
  slate: ServedSlate | null = null;
  /** Interleaving: by slot, which ranker chose the item, 0 control, 1 treatment; empty otherwise. */
  teams: readonly number[] = [];

  constructor(input: {
    id: string;
    body: RecommendRequest;
    given?: Int32Array;
    trace: RequestTrace | undefined;
    workspace: ReleaseWorkspace;
    parameters: Parameters;
    nowS: number;
    deadlineMs: number;
  }) {
    this.id = input.id;
    this.body = input.body;
    this.given = input.given ?? null;
    this.trace = input.trace;
    this.workspace = input.workspace;
    this.parameters = input.parameters;
    this.nowS = input.nowS;
    this.deadlineMs = input.deadlineMs;
  }

  /** What may be shown; the profile stage always sets it, also when the profile is empty. */
  get allowed(): Eligibility {
    if (this.eligibility === null) throw new Error('asked for eligibility before the profile stage');
    return this.eligibility;
  }

  /** The buffers of the running batch. */
  get buffers(): Slot {
    if (this.slot === null) throw new Error('no slot outside a batch');
    return this.slot;
  }

  /** What features are computed from. */
  featureRequest(): FeatureRequest {
    const { device, surface } = this.body.context ?? {};
    const { profile, nowS, category, userVector } = this;
    return { profile, nowS, category, device, surface, userVector };
  }

  degrade(what: string): void {
    if (!this.degraded.includes(what)) this.degraded.push(what);
  }
}

/** What the rerank stage leaves: owned by the request, not by its slot. */
export interface ServedSlate {
  readonly count: number;
  readonly rows: Int32Array;
  /** Values before rules, by slot. */
  readonly scores: Float32Array;
  readonly propensities: Float32Array;
  readonly explored: Uint8Array;
  /** Best source by slot, '' for an item that none found; empty when that is not known. */
  readonly sources: readonly string[];
  /** What rules did to an item; to be asked while the request has its slot. */
  readonly placementOf: (row: number) => Placement | undefined;
  readonly cappedBy: (row: number) => string | null;
  /** Candidate numbers after boosts, best first, as long as the candidates. */
  readonly order: Int32Array;
}

const NO_PROFILE: Profile = {
  length: 0,
  rows: new Int32Array(0),
  types: new Uint8Array(0),
  timesS: new Float64Array(0),
};
