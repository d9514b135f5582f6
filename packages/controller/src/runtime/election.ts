import { createFence, fenceOf, pause, TermEnded, type Fence } from './fence.ts';
import { Collection, type KubeApi } from './kube-api.ts';
import { isConflict, isNotFound } from './kube-error.ts';
import type { KubeObject } from './kube-object.ts';

export interface ElectionOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly leaseName: string;
  /** Of this replica; of no other that ever was. */
  readonly identity: string;
  /** A lease that nobody renewed for so long may be taken. Whole seconds. */
  readonly durationMs: number;
  /** The holder renews so often, and candidates look. */
  readonly renewEveryMs: number;
  /** Monotonic. */
  readonly nowMs: () => number;
  /** Unix ms. */
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** The lease was read or written: the API answers. */
  readonly onSeen?: () => void;
}

interface Lease extends KubeObject {
  readonly spec: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

const LEASES = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease' } as const;
/** Of the lease's time a holder uses this much: then it stops by itself, before anybody else may begin. */
const USED = 0.8;

/** A lease as a candidate sees it, judged by its own clock: clocks of machines differ. */
export interface Sighting {
  readonly resourceVersion: string;
  readonly seenMs: number;
}

/** When the lease was seen to change first. */
export const sight = (before: Sighting | null, resourceVersion: string, nowMs: number): Sighting =>
  before?.resourceVersion === resourceVersion ? before : { resourceVersion, seenMs: nowMs };

/** Whether a candidate may take the lease: it was let go of, is its own, or has not changed for its whole time. */
export function mayTake({ spec }: Lease, identity: string, sighting: Sighting, nowMs: number): boolean {
  const { holderIdentity = '', leaseDurationSeconds = 0 } = spec;
  return holderIdentity === '' || holderIdentity === identity || nowMs - sighting.seenMs > leaseDurationSeconds * 1000;
}

/**
 * One leader among the replicas by a Lease. A holder that cannot renew ends its term at 80 % of the lease's time, counted
 * from when the last renewal was sent; a candidate takes over when it has seen no change for all of it. So there is no
 * moment with two, as long as clocks run equally fast; `Fence.check` covers a process that was suspended.
 */
export class Election {
  readonly #options: ElectionOptions;
  #isLeading = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Candidate, leader, candidate again, until `signal` fires; then lets go of the lease. An error of `lead` ends its turn. */
  async run(signal: AbortSignal, lead: (fence: Fence) => Promise<void>): Promise<void> {
    const { onError } = this.#options;
    while (!signal.aborted) {
      try {
        const taken = await this.#waitForLease(signal);
        if (taken !== null) await this.#serve(taken, signal, lead);
      } catch (error) {
        if (!(error instanceof TermEnded)) onError(error);
      }
      await pause(this.#options.renewEveryMs / 2, signal);
    }
  }

  async #waitForLease(signal: AbortSignal): Promise<Taken | null> {
    const { renewEveryMs, nowMs, onError, onSeen, identity } = this.#options;
    const leases = this.#leases(fenceOf(signal));
    let sighting: Sighting | null = null;
    while (!signal.aborted) {
      const sentMs = nowMs();
      try {
        const lease = await this.#read(leases);
        onSeen?.();
        if (lease === null) return { lease: await leases.create(this.#record(null)), sentMs };
        sighting = sight(sighting, lease.metadata.resourceVersion ?? '', nowMs());
        const renewedMs = nowMs();
        if (mayTake(lease, identity, sighting, renewedMs))
          return { lease: await leases.replace(this.#record(lease)), sentMs: renewedMs };
      } catch (error) {
        // Another candidate was faster.
        if (!isConflict(error) && !(error instanceof TermEnded)) onError(error);
      }
      await pause(renewEveryMs / 2, signal);
    }
    return null;
  }

  /** One term: `lead` beside the renewals, until either ends. Returns when `lead` has. */
  async #serve(taken: Taken, signal: AbortSignal, lead: (fence: Fence) => Promise<void>): Promise<void> {
    const { nowMs, durationMs, onError } = this.#options;
    const ended = new AbortController();
    const end = () => ended.abort();
    let deadlineMs = taken.sentMs + durationMs * USED;
    let timer = setTimeout(end, deadlineMs - nowMs());
    const fence = createFence(ended.signal, nowMs, () => deadlineMs);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    this.#isLeading = true;
    const renewals = this.#renew(taken, ended, (sentMs) => {
      deadlineMs = sentMs + durationMs * USED;
      clearTimeout(timer);
      timer = setTimeout(end, deadlineMs - nowMs());
    });
    try {
      await lead(fence);
    } catch (error) {
      if (!(error instanceof TermEnded)) onError(error);
    } finally {
      end();
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      this.#isLeading = false;
      const last = await renewals;
      if (last !== null && nowMs() < deadlineMs) await this.#letGo(last);
    }
  }

  /** Until the term ends; the last lease that was ours, or null when it is another's. */
  async #renew(taken: Taken, ended: AbortController, renewed: (sentMs: number) => void): Promise<Lease | null> {
    const { renewEveryMs, identity, nowMs, onError, onSeen } = this.#options;
    const { signal } = ended;
    // Not cut off by the signal: it would not be known whether the renewal was made. Their own time ends them.
    const leases = this.#leases(null);
    let { lease } = taken;
    /** Renewals without an answer: they may have been made. */
    let open: Taken[] = [];
    for (;;) {
      await pause(renewEveryMs, signal);
      if (signal.aborted) return lease;
      const attempt = { lease: this.#record(lease), sentMs: nowMs() };
      open.push(attempt);
      try {
        lease = await leases.replace(attempt.lease);
        open = [];
        onSeen?.();
        if (!signal.aborted) renewed(attempt.sentMs);
      } catch (error) {
        onError(error);
        if (!isConflict(error) && !isNotFound(error)) continue;
        const found = await this.#read(leases).catch(() => undefined);
        if (found === undefined) continue;
        if (found?.spec.holderIdentity !== identity) {
          // Taken, or deleted by somebody: whoever creates it next leads.
          ended.abort();
          return null;
        }
        lease = found;
        const made = open.find((one) => one.lease.spec.renewTime === found.spec.renewTime);
        open = [];
        if (made !== undefined && !signal.aborted) renewed(made.sentMs);
      }
    }
  }

  /** So that the next one need not wait. */
  async #letGo(lease: Lease): Promise<void> {
    const { onError } = this.#options;
    const { leaseTransitions = 0 } = lease.spec;
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: this.#microTime(), leaseTransitions };
    await this.#leases(null)
      .replace({ ...lease, spec })
      .catch(onError);
  }

  async #read(leases: Collection<Lease>): Promise<Lease | null> {
    try {
      return await leases.get(this.#options.leaseName);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  }

  /** The lease as it is when this replica holds it. */
  #record(before: Lease | null): Lease {
    const { namespace, leaseName: name, identity, durationMs } = this.#options;
    const isOurs = before?.spec.holderIdentity === identity;
    const renewTime = this.#microTime();
    return {
      metadata: before?.metadata ?? { name, namespace },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.round(durationMs / 1000),
        acquireTime: isOurs ? (before.spec.acquireTime ?? renewTime) : renewTime,
        renewTime,
        leaseTransitions: (before?.spec.leaseTransitions ?? 0) + (isOurs || before === null ? 0 : 1),
      },
    };
  }

  #microTime(): string {
    return new Date(this.#options.now()).toISOString().replace('Z', '000Z');
  }

  #leases(fence: Fence | null): Collection<Lease> {
    const { api, namespace } = this.#options;
    return new Collection<Lease>(fence === null ? api : api.within(fence), LEASES, namespace);
  }
}

interface Taken {
  readonly lease: Lease;
  /** When the request that took it was sent. */
  readonly sentMs: number;
}
