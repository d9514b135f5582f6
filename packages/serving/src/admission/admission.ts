import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { RequestPriority } from '@shortlist/core/contracts/recommend.ts';
import { AdaptiveLimit } from './adaptive-limit.ts';
import { LADDER, LoadLadder } from './load-ladder.ts';

/**
 * Why a request was refused. `limit`: as many as may be are in flight; `deadline`: its turn would come too late; `expired`:
 * it did; `yielded`: a prefetch made room for a shopper.
 */
export const SHED_REASONS = ['limit', 'deadline', 'expired', 'yielded'] as const;
export type ShedReason = (typeof SHED_REASONS)[number];

export interface AdmissionLimits {
  /** Most requests in flight. */
  readonly queueMax: number;
  /** Queue time that the limit steers for, ms; 0 keeps the limit at `queueMax`. */
  readonly queueTargetMs: number;
  /** Share of the limit up to which prefetches are taken. */
  readonly prefetchShare: number;
  /** Whether lighter answers come before refusals. */
  readonly degradeUnderLoad: boolean;
}

export interface AdmissionOptions {
  readonly limits: AdmissionLimits;
  /** Milliseconds, monotonic. */
  readonly nowMs?: () => number;
}

/** What metrics and `/status` show. */
export interface AdmissionStatus {
  readonly limit: number;
  readonly in_flight: Readonly<Record<RequestPriority, number>>;
  readonly level: number;
  readonly shed: Readonly<Record<RequestPriority, Readonly<Record<ShedReason, number>>>>;
}

/** Whoever only computes, one request after another, wants no admission: it waits for its own work. */
export const NO_ADMISSION: AdmissionLimits = {
  queueMax: Infinity,
  queueTargetMs: 0,
  prefetchShare: 1,
  degradeUnderLoad: false,
};

const SMOOTHING = 0.1;
const FEW = 8;
/** By level of the ladder. Made once: an error notes its stack, which costs more than all the rest of a refusal. */
const OVERLOADED = LADDER.map((_, level) => new ShortlistError('overloaded', { retryAfterS: 1 + level }));

/**
 * Decides at the door which requests are worked on, so that no work is done for one that is refused: at most an adaptive
 * number in flight (adaptive-limit.ts), none whose deadline its place in the queue cannot meet, prefetches only while
 * there is room. Before shoppers are refused, answers get lighter (load-ladder.ts). What is taken is never given up half
 * way but for a deadline that passes in the queue.
 */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #nowMs: () => number;
  readonly #limit: AdaptiveLimit;
  readonly #ladder = new LoadLadder();
  readonly #inFlight: Record<RequestPriority, number> = { shopper: 0, prefetch: 0 };
  readonly #shed = {
    shopper: { limit: 0, deadline: 0, expired: 0, yielded: 0 },
    prefetch: { limit: 0, deadline: 0, expired: 0, yielded: 0 },
  };
  /** Smoothed, ms: computing of one request, and of one batch. */
  #requestMs = 0;
  #batchMs = 0;
  /** Gives up a prefetch that waits, if there is one; who owns the queue sets it. */
  makeRoom: () => boolean = () => false;

  constructor({ limits, nowMs = () => performance.now() }: AdmissionOptions) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    this.#limit = new AdaptiveLimit({ limitMax: limits.queueMax, targetMs: limits.queueTargetMs });
  }

  /** Level of the ladder that requests are answered at now: an index in LADDER. */
  get level(): number {
    return this.#limits.degradeUnderLoad ? this.#ladder.levelAt(this.#nowMs()) : 0;
  }

  /** Are requests in flight? */
  get isBusy(): boolean {
    return this.#inFlight.shopper + this.#inFlight.prefetch > 0;
  }

  /** How long a batch takes that begins now, ms. */
  get batchMs(): number {
    return this.#batchMs;
  }

  /** Before anything of the request was read but its headers: null when it may come in, else why not. Takes nothing. */
  refusal(priority: RequestPriority): ShortlistError | null {
    // A shopper comes in at a prefetch's cost; `enter` decides.
    if (this.#hasRoom(priority) || (priority === 'shopper' && this.#inFlight.prefetch > 0)) return null;
    return this.shed('limit', priority);
  }

  /** Takes a place for a request that wants its answer within `budgetMs`; `leave` gives it back. Throws `overloaded`. */
  enter(priority: RequestPriority, budgetMs: number): void {
    if (!this.#hasRoom(priority) && !(priority === 'shopper' && this.makeRoom())) throw this.shed('limit', priority);
    if (this.#waitMs(priority) > budgetMs) throw this.shed('deadline', priority);
    this.#inFlight[priority] += 1;
  }

  leave(priority: RequestPriority): void {
    this.#inFlight[priority] -= 1;
  }

  /** Counts a refusal and makes its answer. */
  shed(reason: ShedReason, priority: RequestPriority): ShortlistError {
    this.#shed[priority][reason] += 1;
    if (priority === 'shopper') this.#ladder.press(this.#nowMs());
    return OVERLOADED[this.level]!;
  }

  /** A request's batch begins, after it queued for `waitedMs`. */
  began(priority: RequestPriority, waitedMs: number): void {
    const { queueTargetMs } = this.#limits;
    if (queueTargetMs === 0) return;
    const nowMs = this.#nowMs();
    const inFlight = this.#inFlight.shopper + this.#inFlight.prefetch;
    const standingMs = this.#limit.sample(priority, { waitedMs, inFlight, nowMs });
    if ((standingMs?.get('shopper') ?? 0) > queueTargetMs / 2) this.#ladder.press(nowMs);
  }

  /** A batch of `requests` at `level` was computed in `tookMs`. */
  computed(level: number, requests: number, tookMs: number): void {
    this.#ladder.worked(level, requests, tookMs);
    this.#requestMs += SMOOTHING * (tookMs / requests - this.#requestMs);
    this.#batchMs += SMOOTHING * (tookMs - this.#batchMs);
  }

  status(): AdmissionStatus {
    return { limit: this.#limitNow(), in_flight: { ...this.#inFlight }, level: this.level, shed: this.#shed };
  }

  #limitNow(): number {
    return this.#limits.queueTargetMs === 0 ? this.#limits.queueMax : this.#limit.limit;
  }

  #hasRoom(priority: RequestPriority): boolean {
    const limit = this.#limitNow();
    const { shopper, prefetch } = this.#inFlight;
    return shopper + prefetch < (priority === 'shopper' ? limit : limit * this.#limits.prefetchShare);
  }

  /**
   * How long its answer will take by what is before it; 0 when that is nothing. Prefetches are behind all shoppers. With
   * more than a few before it, two batches on top: its own, and the one during which it lay unread in its socket. Not with
   * few: an estimate that was spoilt once would refuse all but one at a time, and so never be corrected.
   */
  #waitMs(priority: RequestPriority): number {
    const { shopper, prefetch } = this.#inFlight;
    const before = priority === 'shopper' ? shopper : shopper + prefetch;
    return before * this.#requestMs + (before < FEW ? 0 : 2 * this.#batchMs);
  }
}
