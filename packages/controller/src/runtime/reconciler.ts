import type { Logger } from 'pino';
import type { Fence } from './fence.ts';
import type { KubeApi } from './kube-api.ts';
import type { KubeObject, ResourceType } from './kube-object.ts';
import type { EventRecorder } from './event-recorder.ts';

/** One replica's turn as the leader, for one kind. Everything in it is void when `fence.signal` fires. */
export interface Term {
  /** Ask it before every side effect outside of `api`, which asks it by itself. */
  readonly fence: Fence;
  /** Refuses every request once the lease is lost, and cuts off those in flight. */
  readonly api: KubeApi;
  readonly events: EventRecorder;
  readonly namespace: string;
  readonly log: Logger;
  /** Has the object of this name reconciled, now or after `afterMs`; the earliest wins. */
  readonly enqueue: (name: string, afterMs?: number) => void;
}

export interface Outcome {
  /** Reconciled again after this; absent: when it changes, and at the relist. */
  readonly requeueAfterMs?: number;
}

/**
 * Brings the world to what an object says. Called for one object at a time per name, with the newest version that the
 * watch has seen; again after a failure, with backoff. It must be right at any state that a crash may leave.
 */
export interface Reconciler<T extends KubeObject> {
  /** Throws what is to be tried again: counted and logged by the runtime. A 409 of the API is tried again at once. */
  reconcile(object: T): Promise<Outcome>;
  /** The object is not there any more: nothing is to be done, but to forget it. */
  gone?(name: string): void;
  /** Runs beside for the whole term, e.g. to poll what lies outside of Kubernetes; ends with the fence's signal. */
  watchOutside?(): Promise<void>;
}

/** Another resource whose changes concern objects of the kind. */
export interface Related {
  readonly resource: ResourceType;
  readonly labelSelector?: string;
  /** Names of the objects to be reconciled. */
  readonly namesOf: (object: KubeObject) => readonly string[];
}

/** What the runtime needs to run a kind. `main.ts` lists them all. */
export interface ControlledKind<T extends KubeObject> {
  /** Label in metrics: `experiment`. */
  readonly name: string;
  readonly resource: ResourceType;
  readonly related?: readonly Related[];
  /** A fresh reconciler for a term: what one remembers is void when the lease is lost. */
  readonly begin: (term: Term) => Reconciler<T>;
}
