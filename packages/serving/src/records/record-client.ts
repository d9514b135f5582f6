/** What became of a request to the ingest service. */
export type Delivery =
  | { readonly status: 'taken'; readonly rejected: number }
  /** Too much at once for whoever is in between; fewer records may do. */
  | { readonly status: 'too_large' }
  | { readonly status: 'failed'; readonly reason: string; readonly retryAfterMs: number };

interface Answer {
  readonly rejected?: number;
}

/** Sends lines of records to `POST /records`; connections are kept by fetch. */
export class RecordClient {
  readonly #url: string;
  readonly #timeoutMs: number;

  constructor(ingestUrl: string, timeoutMs: number) {
    this.#url = new URL('/records', ingestUrl).href;
    this.#timeoutMs = timeoutMs;
  }

  /** Never throws. */
  async send(lines: readonly Buffer[], stop: AbortSignal): Promise<Delivery> {
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
        body: Buffer.concat(lines),
        signal: AbortSignal.any([stop, AbortSignal.timeout(this.#timeoutMs)]),
      });
      // To its end, so that the connection is free again.
      const body = await response.text();
      if (response.ok) return { status: 'taken', rejected: (JSON.parse(body) as Answer).rejected ?? 0 };
      if (response.status === 413) return { status: 'too_large' };
      const retryAfterS = Number(response.headers.get('retry-after') ?? 0);
      return failed(`${response.status} ${body.slice(0, 200)}`, retryAfterS * 1000);
    } catch (error) {
      const { message, cause } = error as Error;
      return failed(cause instanceof Error ? `${message}: ${cause.message}` : message);
    }
  }
}

const failed = (reason: string, retryAfterMs = 0): Delivery => ({
  status: 'failed',
  reason,
  retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : 0,
});
