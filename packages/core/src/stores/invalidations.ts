import type { UnitKey } from './profile-store.ts';

export interface InvalidationListener {
  /** These units changed. */
  onUnits(units: readonly UnitKey[]): void;
  /** Anything may have changed: told to drop all, or notices may have been missed. */
  onAll(): void;
  /** From now on notices may be missed; `onAll` follows when they are heard again. */
  onLost(): void;
}

export interface Subscription {
  /** Whether notices are being heard. */
  readonly live: boolean;
  close(): void;
}

/** Tells every process that keeps profiles which of them changed. Nothing is kept for who does not listen. */
export interface Invalidations {
  /** Call it after the change can be read. */
  publish(units: readonly UnitKey[]): Promise<void>;
  publishAll(): Promise<void>;
  subscribe(listener: InvalidationListener): Subscription;
}
