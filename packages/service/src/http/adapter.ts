/**
 * The seam between Shortlist and an HTTP server. Two servers stand behind it, `uws-server.ts` (fast) and
 * `node-server.ts` (its twin on node:http), and one test suite runs over both. Everything that depends on a server's
 * habits - body limits, duplicate headers, aborts, keep-alive, draining - is settled below this line, so that routes
 * see only a complete request and return a complete answer.
 */
export interface HttpServer {
  /** Binds and accepts. Throws `port_in_use`. Resolves to the port really bound (`port` may be 0). */
  listen(options: ListenOptions): Promise<number>;
  /** From now on every answer asks its client to close the connection; still accepts new ones. */
  discourage(): void;
  /**
   * Stops accepting, lets requests in flight finish for at most `drainMs`, then closes every connection. Includes
   * `discourage`. Resolves to the number of requests that were cut off.
   */
  close(drainMs: number): Promise<number>;
  /** Requests whose answer has not been written yet. */
  inFlight(): number;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** Let several processes bind the same port (SO_REUSEPORT); false refuses a port in use. */
  readonly sharePort: boolean;
}

/** A complete request: everything is copied, nothing points into the server's memory. */
export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Raw, without the query. */
  readonly path: string;
  /** Raw, without the question mark; '' when absent. */
  readonly query: string;
  /** `REQUEST_HEADERS` and those the server was asked for; reading all of them costs more than a small request. */
  readonly headers: Readonly<Record<RequestHeader, string>> & Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** '' when the client did not send it. */
export const REQUEST_HEADERS = ['x-request-id', 'sec-fetch-site'] as const;
export type RequestHeader = (typeof REQUEST_HEADERS)[number];

export interface HttpReply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Buffer;
}

/** What is known of a request before its body comes. */
export type RequestHead = Pick<HttpRequest, 'method' | 'path' | 'headers'>;

/**
 * Answers one request; must not throw or reject (the router turns every failure into a coded answer). A plain reply,
 * not a promise, is written in the same tick.
 */
export type HttpHandler = (request: HttpRequest) => HttpReply | Promise<HttpReply>;

/** What the server itself refuses, before the handler sees anything. The connection is closed after such an answer. */
export type TransportRefusal =
  | { readonly code: 'body_too_large'; readonly maxBytes: number }
  | { readonly code: 'request_malformed'; readonly reason: string }
  | { readonly code: 'body_timeout'; readonly timeoutMs: number };

export interface HttpServerOptions {
  readonly handler: HttpHandler;
  /** Renders the answer to a request that the server refuses by itself. */
  readonly refuse: (refusal: TransportRefusal, requestId: string) => HttpReply;
  /** Asked when the headers are there: an answer refuses the request, whose body is then skipped. Must not throw. */
  readonly admit?: (head: RequestHead) => HttpReply | null;
  readonly bodyBytesMax: number;
  /** Further headers to read, lower case. */
  readonly headers?: readonly string[];
  /** From the end of the headers to the end of the body. */
  readonly bodyTimeoutMs: number;
  /** Told when a client went away before its answer was written. */
  readonly onAborted?: () => void;
}

/**
 * After refusing a body that is too large, a server goes on reading and discards this much: closing at once would reset
 * the connection and often destroy the answer before the client has read it (nginx calls it a lingering close).
 */
export const LINGER_BYTES_MAX = 16 * 1024 * 1024;
