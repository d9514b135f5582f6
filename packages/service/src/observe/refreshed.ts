/**
 * A value that takes a question to a store, for metrics: reading it gives what was known last and asks again in the
 * background when that is old, so that a scrape neither waits for the store nor fails with it. Null while nothing is
 * known, and after a question that failed.
 */
export class Refreshed<T> {
  readonly #read: () => Promise<T> | null;
  readonly #maxAgeMs: number;
  readonly #nowMs: () => number;
  #value: T | null = null;
  #askedMs = -Infinity;
  #isAsking = false;

  /** `read` gives null while there is nobody to ask. */
  constructor(read: () => Promise<T> | null, maxAgeMs: number, nowMs: () => number = () => performance.now()) {
    this.#read = read;
    this.#maxAgeMs = maxAgeMs;
    this.#nowMs = nowMs;
  }

  get value(): T | null {
    if (!this.#isAsking && this.#nowMs() - this.#askedMs >= this.#maxAgeMs) this.#ask();
    return this.#value;
  }

  #ask(): void {
    const asked = this.#read();
    if (asked === null) return;
    this.#isAsking = true;
    this.#askedMs = this.#nowMs();
    const settle = (value: T | null): void => {
      this.#value = value;
      this.#isAsking = false;
    };
    // The failure of whoever needs the store says why; here it is a value that is absent.
    asked.then(settle, () => settle(null));
  }
}
