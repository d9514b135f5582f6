import type { AssignmentSnapshot } from '../../contracts/assignment-snapshot.ts';
import type { AssignmentSnapshots } from '../assignment-snapshots.ts';
import type { Subscription } from '../invalidations.ts';

/** The snapshot of one process. */
export class MemoryAssignmentSnapshots implements AssignmentSnapshots {
  readonly #listeners = new Set<() => void>();
  #present: { readonly version: number; readonly lineage: string; readonly text: string } | null = null;

  publish(snapshot: AssignmentSnapshot): Promise<boolean> {
    const { version, lineage = '' } = snapshot;
    if (this.#present?.lineage === lineage && this.#present.version > version) return Promise.resolve(false);
    this.#present = { version, lineage, text: JSON.stringify(snapshot) };
    for (const listener of this.#listeners) listener();
    return Promise.resolve(true);
  }

  read(): Promise<string | null> {
    return Promise.resolve(this.#present?.text ?? null);
  }

  subscribe(onChange: () => void): Subscription {
    this.#listeners.add(onChange);
    onChange();
    return { live: true, close: () => this.#listeners.delete(onChange) };
  }
}
