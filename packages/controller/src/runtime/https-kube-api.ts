import http from 'node:http';
import https from 'node:https';
import { StringDecoder } from 'node:string_decoder';
import { KubeConfig } from '@kubernetes/client-node';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { TermEnded, type Fence } from './fence.ts';
import type { KubeApi, KubeRequest } from './kube-api.ts';
import { KubeError } from './kube-error.ts';

export interface HttpsKubeApiOptions {
  readonly config: KubeConfig;
  /** Longest request that does not go on, ms. */
  readonly timeoutMs: number;
  readonly userAgent: string;
}

const ANSWER_BYTES_MAX = 256 * 1024 * 1024;
const LINE_CHARS_MAX = 32 * 1024 * 1024;
/** More than all workers of all kinds: a renewal of the lease must not wait behind them. */
const SOCKETS_MAX = 256;
/** TCP keep-alive finds a connection whose other end is gone without a word, ms. */
const KEEP_ALIVE_MS = 15_000;

/** In a cluster by its service account; elsewhere by a kubeconfig file. @throws `config_invalid` */
export function loadKubeConfig(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file === '') config.loadFromCluster();
    else config.loadFromFile(file);
    const { server } = config.getCurrentCluster() ?? {};
    if (server === undefined || !URL.canParse(server)) throw new Error('it names no current cluster');
  } catch (cause) {
    const reason = `${file === '' ? 'not in a cluster, and no file is named' : file}: ${(cause as Error).message}`;
    throw new ShortlistError('config_invalid', { setting: 'SHORTLIST_CONTROLLER_KUBECONFIG', reason }, { cause });
  }
  return config;
}

/**
 * The API over node:https with one pool of connections. `@kubernetes/client-node` reads kubeconfigs and gets tokens; its
 * own requests make a pool, hence a TLS handshake, each.
 */
export function createKubeApi(options: HttpsKubeApiOptions): KubeApi & { close(): void } {
  const isPlain = options.config.getCurrentCluster()!.server.startsWith('http:');
  const agentOptions = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, maxSockets: SOCKETS_MAX };
  const pool = isPlain ? new http.Agent(agentOptions) : new https.Agent(agentOptions);
  // A watch holds its connection for minutes: it must not take one from the pool.
  const streams = isPlain ? new http.Agent() : new https.Agent();
  const api = new HttpsKubeApi(options, { pool, streams }, null);
  return Object.assign(api, { close: () => pool.destroy() });
}

class HttpsKubeApi implements KubeApi {
  readonly #options: HttpsKubeApiOptions;
  readonly #agents: { readonly pool: http.Agent; readonly streams: http.Agent };
  readonly #fence: Fence | null;

  constructor(options: HttpsKubeApiOptions, agents: { pool: http.Agent; streams: http.Agent }, fence: Fence | null) {
    this.#options = options;
    this.#agents = agents;
    this.#fence = fence;
  }

  within(fence: Fence): KubeApi {
    return new HttpsKubeApi(this.#options, this.#agents, fence);
  }

  async request<T>(request: KubeRequest): Promise<T> {
    const text = await this.#send(request, this.#agents.pool, async (response, clock) => {
      clock.limit(request.timeoutMs ?? this.#options.timeoutMs);
      return readAll(response);
    });
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw unreachable(request, 'the answer is no JSON', cause);
    }
  }

  async *lines(request: KubeRequest, silenceMs: number): AsyncIterable<unknown> {
    // A generator cannot be inside of a callback: what holds the connection is let go of in `finally`.
    const { response, clock, end } = await this.#open(request, this.#agents.streams);
    const decoder = new StringDecoder('utf8');
    let rest = '';
    try {
      clock.limit(silenceMs);
      for await (const chunk of response as AsyncIterable<Buffer>) {
        clock.limit(silenceMs);
        rest += decoder.write(chunk);
        const lines = rest.split('\n');
        rest = lines.pop()!;
        if (rest.length > LINE_CHARS_MAX) throw new Error(`a line of more than ${LINE_CHARS_MAX} characters`);
        for (const line of lines) if (line !== '') yield JSON.parse(line);
      }
    } catch (error) {
      throw this.#coded(error, request);
    } finally {
      end();
    }
  }

  async #send<T>(
    request: KubeRequest,
    agent: http.Agent,
    read: (response: http.IncomingMessage, clock: Clock) => Promise<T>,
  ): Promise<T> {
    const { response, clock, end } = await this.#open(request, agent);
    try {
      return await read(response, clock);
    } catch (error) {
      throw this.#coded(error, request);
    } finally {
      end();
    }
  }

  /** Sends it; resolves with a good answer's head, throws what a bad one says. */
  async #open(
    request: KubeRequest,
    agent: http.Agent,
  ): Promise<{ response: http.IncomingMessage; clock: Clock; end: () => void }> {
    const { config, timeoutMs, userAgent } = this.#options;
    const signal = this.#fence?.signal;
    let sent: http.ClientRequest | undefined;
    let answered: http.IncomingMessage | undefined;
    const clock = new Clock(() => sent?.destroy(new Error(`no answer within ${clock.ms} ms`)));
    const cut = () => sent?.destroy(new TermEnded());
    const end = () => {
      clock.stop();
      signal?.removeEventListener('abort', cut);
      // An answer that was not read to its end holds its connection.
      if (answered?.complete !== true) sent?.destroy();
    };
    try {
      const auth: https.RequestOptions = {};
      await config.applyToHTTPSOptions(auth);
      // From here to the first byte nothing is waited for: a leader that was one a moment ago is not enough.
      this.#fence?.check();
      const url = urlOf(config, request);
      const text = request.body === undefined ? undefined : JSON.stringify(request.body);
      const isProxied = config.getCurrentCluster()?.proxyUrl !== undefined;
      const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
        const { agent: proxy, ...rest } = auth;
        const transport = url.protocol === 'http:' ? http : https;
        sent = transport.request(url, {
          ...rest,
          method: request.method,
          agent: isProxied ? proxy : agent,
          headers: {
            ...rest.headers,
            'user-agent': userAgent,
            accept: 'application/json',
            ...(text === undefined
              ? {}
              : {
                  'content-type': request.contentType ?? 'application/json',
                  'content-length': Buffer.byteLength(text),
                }),
          },
        } as https.RequestOptions);
        signal?.addEventListener('abort', cut);
        clock.limit(request.timeoutMs ?? timeoutMs);
        sent.on('error', reject);
        sent.on('response', (head) => resolve((answered = head)));
        sent.end(text);
      });
      if (response.statusCode! >= 200 && response.statusCode! < 300) return { response, clock, end };
      throw refusalOf(request, response, await readAll(response));
    } catch (error) {
      end();
      throw this.#coded(error, request);
    }
  }

  #coded(error: unknown, request: KubeRequest): unknown {
    if (error instanceof KubeError || error instanceof TermEnded) return error;
    if (this.#fence?.signal.aborted === true) return new TermEnded();
    return unreachable(request, (error as Error).message, error);
  }
}

/** One timer that can be set again. */
class Clock {
  ms = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #expired: () => void;

  constructor(expired: () => void) {
    this.#expired = expired;
  }

  limit(ms: number): void {
    if (this.#timer !== undefined && ms === this.ms) {
      this.#timer.refresh();
      return;
    }
    this.stop();
    this.ms = ms;
    this.#timer = setTimeout(this.#expired, ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

function urlOf(config: KubeConfig, { path, query = {} }: KubeRequest): URL {
  // A server may lie below a path, as behind Rancher.
  const url = new URL(config.getCurrentCluster()!.server.replace(/\/$/, '') + path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusalOf({ method, path }: KubeRequest, response: http.IncomingMessage, text: string): KubeError {
  const status = response.statusCode!;
  const retryAfterS = Number(response.headers['retry-after'] ?? NaN);
  let said: { message?: string; reason?: string } = {};
  try {
    said = JSON.parse(text) as typeof said;
  } catch {
    // A proxy's page, or plain text: the status says enough.
  }
  const message = `${method} ${path}: ${status} ${said.message ?? text.slice(0, 200)}`;
  const retryAfterMs = Number.isFinite(retryAfterS) ? retryAfterS * 1000 : null;
  return new KubeError({ status, reason: said.reason ?? `Http${status}`, message }, { retryAfterMs });
}

const unreachable = ({ method, path }: KubeRequest, reason: string, cause: unknown): KubeError =>
  new KubeError({ status: 0, reason: 'Unreachable', message: `${method} ${path}: ${reason}` }, { cause });
