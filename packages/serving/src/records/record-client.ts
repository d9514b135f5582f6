import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';

/** What became of a request to the ingest service. */
export type Delivery =
  | { readonly status: 'taken'; readonly rejected: number }
  /** Too much at once for whoever is in between; fewer records may do. */
  | { readonly status: 'too_large' }
  | { readonly status: 'failed'; readonly reason: string; readonly retryAfterMs: number };

interface Reply {
  readonly status: number;
  readonly retryAfterS: number;
  readonly body: string;
}

/** Longest answer that is read: 5,000 results. */
const ANSWER_BYTES_MAX = 4 << 20;
const REASON_CHARACTERS_MAX = 200;

/**
 * Sends lines of records to `POST /records` over one connection that is kept. node:http and not fetch, which cost a pod
 * several times as much CPU.
 */
export class RecordClient {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #request: typeof httpRequest;
  readonly #agent: Agent;
  readonly #tracing: Tracing | null;

  constructor(ingestUrl: string, timeoutMs: number, tracing: Tracing | null = null) {
    this.#tracing = tracing;
    this.#url = new URL('/records', ingestUrl);
    this.#timeoutMs = timeoutMs;
    const isTls = this.#url.protocol === 'https:';
    this.#request = isTls ? httpsRequest : httpRequest;
    const options = { keepAlive: true, maxSockets: 1 };
    this.#agent = isTls ? new TlsAgent(options) : new Agent(options);
  }

  /** Never throws. */
  async send(lines: readonly Buffer[], stop: AbortSignal): Promise<Delivery> {
    const span = this.#tracing?.outgoing('POST /records') ?? null;
    try {
      const { status, retryAfterS, body } = await this.#post(Buffer.concat(lines), stop, span?.headers ?? {});
      span?.end(status === 202 ? '' : String(status));
      if (status === 202) return { status: 'taken', rejected: (JSON.parse(body) as { rejected: number }).rejected };
      if (status === 413) return { status: 'too_large' };
      return failed(`${status} ${body.slice(0, REASON_CHARACTERS_MAX)}`, retryAfterS * 1000);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      span?.end(reason);
      return failed(reason);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #post(body: Buffer, signal: AbortSignal, traced: Readonly<Record<string, string>>): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const headers = { ...traced, 'content-type': 'application/x-ndjson', 'content-length': body.length };
      const request = this.#request(this.#url, { method: 'POST', agent: this.#agent, headers, signal });
      // From the first byte to the last of the answer: a peer that trickles is as bad as one that hangs.
      const timer = setTimeout(
        () => request.destroy(new Error(`no answer within ${this.#timeoutMs} ms`)),
        this.#timeoutMs,
      );
      request.on('response', (response) => void readReply(response).then(resolve, reject));
      request.on('error', reject);
      request.on('close', () => clearTimeout(timer));
      request.end(body);
    });
  }
}

async function readReply(response: IncomingMessage): Promise<Reply> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error('the answer is too long');
    parts.push(part);
  }
  return {
    status: response.statusCode ?? 0,
    retryAfterS: Number(response.headers['retry-after'] ?? 0),
    body: Buffer.concat(parts).toString(),
  };
}

const failed = (reason: string, retryAfterMs = 0): Delivery => ({
  status: 'failed',
  reason,
  retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : 0,
});
