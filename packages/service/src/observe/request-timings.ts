import type { FinishedRequest } from './finished-request.ts';

/** Stage timings of one request, in the order they came. */
export class RequestTimings {
  readonly #names: string[] = [];
  readonly #ms: number[] = [];

  /** Of the trace that the request is in; undefined when it is in none. */
  get traceId(): string | undefined {
    return undefined;
  }

  /** The request is answered; those that are traced send their spans. */
  finished(_request: FinishedRequest): void {
    // Nothing to do.
  }

  stage(name: string, ms: number): void {
    this.#names.push(name);
    this.#ms.push(ms);
  }

  forEach(visit: (name: string, ms: number) => void): void {
    for (let at = 0; at < this.#names.length; at++) visit(this.#names[at]!, this.#ms[at]!);
  }

  /** Milliseconds by stage, rounded to microseconds; the same stage twice adds up. */
  toJSON(): Record<string, number> {
    const total: Record<string, number> = {};
    this.forEach((name, ms) => (total[name] = Math.round(((total[name] ?? 0) + ms) * 1000) / 1000));
    return total;
  }
}
