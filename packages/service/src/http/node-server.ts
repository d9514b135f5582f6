import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
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
import { framingOf } from './framing.ts';
import { InFlight } from './in-flight.ts';

const HEADER_BYTES_MAX = 16 * 1024;
/** As uWebSockets.js does; node's own 5 s would close under a proxy that keeps connections for longer. */
const KEEP_ALIVE_MS = 10_000;
/** How long a client whose request could not be read has for reading why. */
const BROKEN_LINGER_MS = 1_000;

/** The twin of `uws-server.ts` on node:http, for machines the native library does not run on. */
export function createNodeServer(options: HttpServerOptions): HttpServer {
  const inFlight = new InFlight();
  /** Connections whose last answer is written: what else the parser finds there gets no second one. */
  const finished = new WeakSet<Duplex>();
  let draining = false;
  const names = [...REQUEST_HEADERS, ...(options.headers ?? [])];
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      // node's 60 s and 300 s let a slow sender hold a connection for minutes.
      headersTimeout: options.bodyTimeoutMs,
      requestTimeout: 2 * options.bodyTimeoutMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.max(10, Math.min(1000, options.bodyTimeoutMs / 4)),
    },
    (req, res) => {
      inFlight.begin();
      res.once('close', () => {
        inFlight.end();
        if (!res.writableFinished) options.onAborted?.();
      });
      const framing = framingOf(valuesOf(req, 'content-length'), valuesOf(req, 'transfer-encoding'));
      const turnedAway = framing.kind === 'refused' ? null : (options.admit?.(headOf(req)) ?? null);
      if (framing.kind === 'refused') refuse(req, res, framing.refusal);
      else if (turnedAway !== null) write(res, turnedAway, draining);
      else if (framing.kind === 'none') answer(req, res, Buffer.alloc(0));
      else receive(req, res, framing.kind === 'length' ? framing.bytes : 0);
    },
  );
  server.on('clientError', answerBrokenRequest);

  function receive(req: IncomingMessage, res: ServerResponse, declaredBytes: number): void {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let lingering = false;
    const refuseTooLarge = (): void => {
      lingering = true;
      chunks.length = 0;
      // Without `end`, node keeps the connection and we can discard the rest of the body.
      const reply = options.refuse({ code: 'body_too_large', maxBytes: options.bodyBytesMax }, requestIdOf(req));
      if (writeHead(res, reply, true)) res.write(reply.body);
    };
    const timer = setTimeout(() => {
      if (lingering) res.end();
      else refuse(req, res, { code: 'body_timeout', timeoutMs: options.bodyTimeoutMs });
    }, options.bodyTimeoutMs);
    res.once('close', () => clearTimeout(timer));
    if (declaredBytes > options.bodyBytesMax) refuseTooLarge();
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (lingering && bytes > LINGER_BYTES_MAX) res.end();
      else if (!lingering && bytes > options.bodyBytesMax) refuseTooLarge();
      else if (!lingering) chunks.push(chunk);
    });
    req.on('end', () => {
      clearTimeout(timer);
      if (lingering) res.end();
      else if (!res.headersSent) answer(req, res, chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
  }

  function headOf(req: IncomingMessage): Omit<HttpRequest, 'body'> {
    const url = req.url ?? '/';
    const mark = url.indexOf('?');
    return {
      method: req.method ?? 'GET',
      path: mark < 0 ? url : url.slice(0, mark),
      query: mark < 0 ? '' : url.slice(mark + 1),
      headers: Object.fromEntries(names.map((name) => [name, headerOf(req, name)])) as HttpRequest['headers'],
    };
  }

  function answer(req: IncomingMessage, res: ServerResponse, body: Buffer): void {
    const reply = options.handler({ ...headOf(req), body });
    if (reply instanceof Promise) void reply.then((late) => write(res, late, draining));
    else write(res, reply, draining);
  }

  function refuse(req: IncomingMessage, res: ServerResponse, refusal: TransportRefusal): void {
    finished.add(req.socket);
    write(res, options.refuse(refusal, requestIdOf(req)), true);
  }

  function answerBrokenRequest(error: ParseError, socket: Duplex): void {
    if (finished.has(socket)) return;
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy();
      return;
    }
    const reply =
      error.code === 'HPE_HEADER_OVERFLOW'
        ? { status: 431, headers: [], body: '' }
        : options.refuse(refusalOf(error, options.bodyTimeoutMs), '');
    const head = [
      `HTTP/1.1 ${reply.status} ${STATUS_CODES[reply.status] ?? ''}`,
      ...reply.headers.map(([name, value]) => `${name}: ${value}`),
      `content-length: ${Buffer.byteLength(reply.body)}`,
      'connection: close',
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${reply.body.toString()}`);
    // A client that does not read its refusal would keep the connection half open for ever.
    setTimeout(() => socket.destroy(), BROKEN_LINGER_MS).unref();
  }

  return {
    listen({ host, port, sharePort }: ListenOptions): Promise<number> {
      return new Promise((resolve, reject) => {
        server.once('error', (cause: NodeJS.ErrnoException) => {
          const reason = cause.code === 'EADDRINUSE' ? 'another process holds the address' : cause.message;
          reject(new ShortlistError('port_in_use', { host, port, reason }, { cause }));
        });
        server.listen({ host, port, reusePort: sharePort }, () => resolve((server.address() as AddressInfo).port));
      });
    },
    discourage() {
      draining = true;
    },
    async close(drainMs: number): Promise<number> {
      draining = true;
      server.close();
      server.closeIdleConnections();
      const cutOff = await inFlight.drained(drainMs);
      server.closeAllConnections();
      return cutOff;
    },
    inFlight: () => inFlight.count,
  };
}

function write(res: ServerResponse, reply: HttpReply, closeConnection: boolean): void {
  if (writeHead(res, reply, closeConnection)) res.end(reply.body);
}

/** False when there is nobody, or nothing left, to answer. */
function writeHead(res: ServerResponse, reply: HttpReply, closeConnection: boolean): boolean {
  if (res.headersSent || res.destroyed) return false;
  const headers: string[] = [];
  for (const [name, value] of reply.headers) headers.push(name, value);
  headers.push('content-length', String(Buffer.byteLength(reply.body)));
  if (closeConnection) headers.push('connection', 'close');
  res.writeHead(reply.status, headers);
  return true;
}

/** All values of a header; `req.headers` would show only the first Content-Length. */
function valuesOf(req: IncomingMessage, name: string): string[] {
  return req.headersDistinct[name] ?? [];
}

function headerOf(req: IncomingMessage, name: string): string {
  const value = req.headers[name];
  return typeof value === 'string' ? value : '';
}

type ParseError = NodeJS.ErrnoException & { readonly reason?: string };

const requestIdOf = (req: IncomingMessage): string => headerOf(req, 'x-request-id');

/** `reason` is the parser's own, in words (`Content-Length already present`). */
function refusalOf({ code, reason }: ParseError, timeoutMs: number): TransportRefusal {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { code: 'body_timeout', timeoutMs };
  return { code: 'request_malformed', reason: reason ?? code ?? 'it cannot be parsed' };
}
