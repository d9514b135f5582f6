import { STATUS_CODES } from 'node:http';
import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js';
import type { HttpRequest as UwsRequest, HttpResponse, us_listen_socket } from 'uWebSockets.js';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { LINGER_BYTES_MAX, REQUEST_HEADERS } from './adapter.ts';
import type {
  HttpReply,
  HttpRequest,
  HttpServer,
  HttpServerOptions,
  ListenOptions,
  TransportRefusal,
} from './adapter.ts';
import { framingOf, type Framing } from './framing.ts';
import { InFlight } from './in-flight.ts';

/**
 * uWebSockets.js behind the adapter. Its rules, each of which has a test:
 * - `req` and the body chunks die when the callback returns, so everything is copied before anything asynchronous;
 * - without `onAborted` an abort kills the process, and a `res` must not be touched after it;
 * - every answer written later than its callback is corked, or each header becomes a packet of its own;
 * - a pipelined request behind an asynchronous one closes the connection (uWS never answers out of order);
 * - answers pile up in memory for a client that asks on and never reads, but for those sent by `tryEnd`: while one of them
 *   waits for the client, the next request closes the connection;
 * - idle connections close after 10 s, which is not configurable; `bodyTimeoutMs` below that wins.
 */
export function createUwsServer(options: HttpServerOptions): HttpServer {
  const inFlight = new InFlight();
  const receiving = new Set<Exchange>();
  const names = [...REQUEST_HEADERS, ...(options.headers ?? [])];
  let draining = false;
  let listenSocket: us_listen_socket | undefined;
  let sweep: NodeJS.Timeout | undefined;

  const app = App().any('/*', (res, req) => {
    const exchange = open(res, req, names);
    inFlight.begin();
    res.onAborted(() => {
      if (settle(exchange)) options.onAborted?.();
    });
    const framing = readFraming(req);
    const turnedAway = framing.kind === 'refused' ? null : (options.admit?.(exchange) ?? null);
    if (turnedAway !== null) write(exchange, turnedAway, draining);
    else if (framing.kind === 'none') answer(exchange, EMPTY);
    else if (framing.kind === 'refused') refuseBadFraming(exchange, framing.refusal);
    else receive(exchange, framing);
  });

  function receive(exchange: Exchange, framing: Framing): void {
    const tooLarge = { code: 'body_too_large', maxBytes: options.bodyBytesMax } as const;
    exchange.deadlineMs = performance.now() + options.bodyTimeoutMs;
    receiving.add(exchange);
    if (framing.kind === 'length' && framing.bytes > options.bodyBytesMax) refuseAndLinger(exchange, tooLarge);
    exchange.res.onData((chunk, isLast) => {
      if (exchange.settled) return;
      exchange.bytes += chunk.byteLength;
      if (exchange.lingering) {
        if (isLast) endLingering(exchange);
        else if (exchange.bytes > LINGER_BYTES_MAX) exchange.res.close();
      } else if (exchange.bytes > options.bodyBytesMax) {
        refuseAndLinger(exchange, tooLarge);
        if (isLast) endLingering(exchange);
      } else {
        // The chunk is uWS's own memory: copy it, once when the body comes in one piece.
        const copy = Buffer.from(new Uint8Array(chunk));
        if (!isLast) exchange.chunks.push(copy);
        else {
          receiving.delete(exchange);
          answer(exchange, exchange.chunks.length === 0 ? copy : Buffer.concat([...exchange.chunks, copy]));
        }
      }
    });
  }

  function answer(exchange: Exchange, body: Buffer): void {
    const { method, path, query, headers } = exchange;
    const reply = options.handler({ method, path, query, headers, body });
    if (reply instanceof Promise) void reply.then((late) => write(exchange, late, draining));
    else write(exchange, reply, draining);
  }

  function write(exchange: Exchange, reply: HttpReply, closeConnection: boolean): void {
    if (!settle(exchange)) return;
    const { res } = exchange;
    res.cork(() => {
      writeHead(res, reply);
      if (exchange.method !== 'HEAD') {
        if (closeConnection) res.end(reply.body, true);
        else sendWhole(res, reply.body);
      } else if (closeConnection) res.endWithoutBody(Buffer.byteLength(reply.body), true);
      else {
        // endWithoutBody with arguments leaves the answer pending: the next request of the connection would kill it.
        res.writeHeader('Content-Length', String(Buffer.byteLength(reply.body)));
        res.endWithoutBody();
      }
    });
  }

  function refuse(exchange: Exchange, refusal: TransportRefusal): void {
    write(exchange, options.refuse(refusal, exchange.headers['x-request-id']), true);
  }

  /**
   * Answers in the next turn: what follows in the same packet would otherwise be parsed as a request of its own. While
   * an answer is pending uWS closes the connection on it instead (a client that smuggles then gets no answer at all).
   */
  function refuseBadFraming(exchange: Exchange, refusal: TransportRefusal): void {
    setImmediate(() => refuse(exchange, refusal));
  }

  /** Answers at once but ends the answer only when the rest of the body has been discarded. */
  function refuseAndLinger(exchange: Exchange, refusal: TransportRefusal): void {
    exchange.lingering = true;
    exchange.chunks.length = 0;
    const reply = options.refuse(refusal, exchange.headers['x-request-id']);
    exchange.res.cork(() => {
      writeHead(exchange.res, reply);
      exchange.res.writeHeader('Connection', 'close').write(reply.body);
    });
  }

  /** The client closes, as its answer's headers ask: `end(body, true)` would write that header again, into the body. */
  function endLingering(exchange: Exchange): void {
    if (settle(exchange)) exchange.res.cork(() => exchange.res.end());
  }

  /** True for the first caller only: of an answer and an abort one wins. */
  function settle(exchange: Exchange): boolean {
    if (exchange.settled) return false;
    exchange.settled = true;
    receiving.delete(exchange);
    inFlight.end();
    return true;
  }

  function closeOverdue(): void {
    const nowMs = performance.now();
    for (const exchange of receiving) {
      if (exchange.deadlineMs > nowMs) continue;
      if (exchange.lingering) exchange.res.close();
      else refuse(exchange, { code: 'body_timeout', timeoutMs: options.bodyTimeoutMs });
    }
  }

  return {
    listen({ host, port, sharePort }: ListenOptions): Promise<number> {
      return new Promise((resolve, reject) => {
        // The typings lack the form with a host and options; the library has it. 1 = exclusive port, 0 = SO_REUSEPORT.
        const listen = app.listen.bind(app) as unknown as UwsListen;
        listen(host, port, sharePort ? 0 : 1, (socket) => {
          if (socket === false) {
            reject(new ShortlistError('port_in_use', { host, port, reason: 'another process holds the address' }));
            return;
          }
          listenSocket = socket;
          sweep = setInterval(closeOverdue, Math.max(10, Math.min(1000, options.bodyTimeoutMs / 4)));
          resolve(us_socket_local_port(socket));
        });
      });
    },
    discourage() {
      draining = true;
    },
    async close(drainMs: number): Promise<number> {
      draining = true;
      if (listenSocket !== undefined) us_listen_socket_close(listenSocket);
      listenSocket = undefined;
      const cutOff = await inFlight.drained(drainMs);
      clearInterval(sweep);
      app.close();
      return cutOff;
    },
    inFlight: () => inFlight.count,
  };
}

type UwsListen = (
  host: string,
  port: number,
  options: number,
  listening: (socket: us_listen_socket | false) => void,
) => void;

/** One request and its answer; `chunks` and `bytes` are of the body so far. */
interface Exchange {
  readonly res: HttpResponse;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: HttpRequest['headers'];
  readonly chunks: Buffer[];
  bytes: number;
  deadlineMs: number;
  lingering: boolean;
  settled: boolean;
}

const EMPTY = Buffer.alloc(0);

function open(res: HttpResponse, req: UwsRequest, names: readonly string[]): Exchange {
  const headers: Record<string, string> = {};
  for (const name of names) headers[name] = req.getHeader(name);
  return {
    res,
    method: req.getMethod().toUpperCase(),
    path: req.getUrl(),
    // Undefined, against its typing, when there is no question mark.
    query: req.getQuery() ?? '',
    headers: headers as Exchange['headers'],
    chunks: [],
    bytes: 0,
    deadlineMs: 0,
    lingering: false,
    settled: false,
  };
}

/** Looks at every header only when there is a body: each one costs a call into native code. */
function readFraming(req: UwsRequest): Framing {
  if (req.getHeader('content-length') === '' && req.getHeader('transfer-encoding') === '') return framingOf([], []);
  const lengths: string[] = [];
  const encodings: string[] = [];
  req.forEach((name, value) => {
    if (name === 'content-length') lengths.push(value);
    else if (name === 'transfer-encoding') encodings.push(value);
  });
  return framingOf(lengths, encodings);
}

/** Hands over what the socket takes, and the rest when the client has read on. */
function sendWhole(res: HttpResponse, body: string | Buffer): void {
  const bytes = Buffer.byteLength(body);
  const [, isDone] = res.tryEnd(body, bytes);
  if (isDone) return;
  const whole = Buffer.from(body as string);
  res.onWritable((offset) => res.tryEnd(whole.subarray(offset), bytes)[0]);
}

function writeHead(res: HttpResponse, reply: HttpReply): void {
  res.writeStatus(`${reply.status} ${STATUS_CODES[reply.status] ?? ''}`);
  for (const [name, value] of reply.headers) res.writeHeader(name, value);
}
