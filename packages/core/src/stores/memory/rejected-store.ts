import {
  REJECTED_PAYLOAD_BYTES_MAX,
  type NewRejected,
  type Rejected,
  type RejectedFilter,
  type RejectedStore,
} from '../rejected-store.ts';
import { nextOf, type MemoryState } from './state.ts';

const isWanted = (rejected: Rejected, { stage, code, replayed = false }: RejectedFilter): boolean =>
  (stage === undefined || rejected.stage === stage) &&
  (code === undefined || rejected.code === code) &&
  (replayed || rejected.replayedAtS === null);

/** Rejected events in a map. */
export class MemoryRejectedStore implements RejectedStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  add(rejected: readonly NewRejected[]): Promise<void> {
    for (const one of rejected) {
      const id = nextOf(this.#state, 'rejected');
      const payload = Buffer.from(one.payload.subarray(0, REJECTED_PAYLOAD_BYTES_MAX));
      const reason = one.reason.replaceAll('\0', '\ufffd');
      this.#state.rejected.set(id, { ...one, reason, payload, id, receivedAtS: Date.now() / 1000, replayedAtS: null });
    }
    return Promise.resolve();
  }

  list(filter: RejectedFilter, afterId: number, max: number): Promise<readonly Rejected[]> {
    const wanted = [...this.#state.rejected.values()].filter((one) => one.id > afterId && isWanted(one, filter));
    return Promise.resolve(wanted.slice(0, max));
  }

  markReplayed(ids: readonly number[]): Promise<void> {
    for (const id of ids) {
      const one = this.#state.rejected.get(id);
      if (one?.replayedAtS === null) this.#state.rejected.set(id, { ...one, replayedAtS: Date.now() / 1000 });
    }
    return Promise.resolve();
  }

  count(filter: RejectedFilter = {}): Promise<number> {
    return Promise.resolve([...this.#state.rejected.values()].filter((one) => isWanted(one, filter)).length);
  }

  prune(beforeS: number): Promise<number> {
    const old = [...this.#state.rejected.values()].filter(({ receivedAtS }) => receivedAtS < beforeS);
    for (const { id } of old) this.#state.rejected.delete(id);
    return Promise.resolve(old.length);
  }
}
