/** Counts requests that have no answer yet, and lets a drain wait for them. */
export class InFlight {
  #count = 0;
  #whenIdle: (() => void) | undefined;

  get count(): number {
    return this.#count;
  }

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#whenIdle?.();
  }

  /** Resolves when nothing is in flight, or after `timeoutMs`; to the number that still is. */
  async drained(timeoutMs: number): Promise<number> {
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#whenIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#whenIdle = undefined;
    }
    return this.#count;
  }
}
