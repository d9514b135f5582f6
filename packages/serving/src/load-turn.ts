import { EventEmitter, once } from 'node:events';

/** What a pod says to whoever runs several of it, and hears from it. */
export const TURN_WANTED = 'shortlist:turn-wanted';
export const TURN_GIVEN = 'shortlist:turn-given';
export const TURN_DONE = 'shortlist:turn-done';

/** The channel to the parent process; null where there is none. */
export interface ParentChannel {
  send(message: string): void;
  /** Calls `heard` with every message from now on; the channel must not keep the process alive. */
  listen(heard: (message: unknown) => void): void;
}

/**
 * Pods of one machine load a release one after another: a load takes half of a core and the memory of one release more,
 * and should do so in one process at a time. The parent (`shortlist serve`) gives the turns; without one, or when it has
 * gone, everybody loads at once.
 */
export class LoadTurn {
  readonly #parent: ParentChannel | null;
  readonly #heard = new EventEmitter();

  constructor(parent: ParentChannel | null) {
    this.#parent = parent;
    parent?.listen((message) => this.#heard.emit(String(message)));
  }

  static ofProcess(): LoadTurn {
    if (process.send === undefined) return new LoadTurn(null);
    return new LoadTurn({
      send: (message) => void (process.connected && process.send?.(message)),
      listen(heard) {
        process.on('message', heard);
        process.on('disconnect', () => heard(TURN_GIVEN));
        process.channel?.unref();
      },
    });
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#parent === null || (process.send !== undefined && !process.connected)) return work();
    const given = once(this.#heard, TURN_GIVEN);
    this.#parent.send(TURN_WANTED);
    await given;
    try {
      return await work();
    } finally {
      this.#parent.send(TURN_DONE);
    }
  }
}
