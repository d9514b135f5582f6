import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { KubeConfig } from '@kubernetes/client-node';

export interface Stored {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation: number;
    deletionTimestamp?: string;
    finalizers?: string[];
    annotations?: Record<string, string>;
  };
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [field: string]: unknown;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Record<string, unknown> | null;
}

/** `refuse`: nothing is done; `lose`: it is done, and the answer is lost; a number is the status of a refusal. */
export type Fault = 'refuse' | 'lose' | number | null;

interface Change {
  readonly version: number;
  readonly collection: string;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored;
}

interface Watcher {
  readonly collection: string;
  readonly response: ServerResponse;
}

const REASONS: Readonly<Record<number, string>> = { 404: 'NotFound', 409: 'Conflict', 410: 'Expired', 422: 'Invalid' };

class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * An API server over real HTTP that speaks what the runtime uses of the Kubernetes wire: lists in pages, watches with
 * positions, bookmarks and 410, server-side apply of finalizers and status, finalizers, optimistic concurrency. It can be
 * made to fail. What only the real one does (schemas, RBAC, ownership of fields) is in test/kubernetes.
 */
export class KubeDouble {
  readonly requests: SeenRequest[] = [];
  /** Asked before each request but watches. */
  fault: (request: SeenRequest) => Fault = () => null;
  readonly #objects = new Map<string, Map<string, Stored>>();
  readonly #changes: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  #version = 100;
  /** Positions before this one are forgotten. */
  #compacted = 0;
  #port = 0;

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(): Promise<KubeDouble> {
    const double = new KubeDouble();
    await double.listen();
    return double;
  }

  listen(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  /** Every connection ends; what is stored stays. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#sockets.forEach((socket) => socket.destroy());
    await closed;
  }

  get config(): KubeConfig {
    const config = new KubeConfig();
    config.loadFromClusterAndUser(
      { name: 'double', server: `http://127.0.0.1:${this.#port}`, skipTLSVerify: true },
      { name: 'tester', token: 'token-of-the-tester' },
    );
    return config;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Cuts every watch without a word. */
  cutWatches(): void {
    for (const { response } of this.#watchers) response.destroy();
  }

  /** Forgets all changes so far: a watch from an old position gets 410. */
  compact(): void {
    this.#compacted = this.#version;
    this.#changes.length = 0;
  }

  /** Changes that no watch tells of, as if they had happened while it was away. */
  silently(work: () => void): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    work();
    watchers.forEach((watcher) => this.#watchers.add(watcher));
  }

  all(collection: string): Stored[] {
    return [...(this.#objects.get(collection)?.values() ?? [])];
  }

  find(collection: string, name: string): Stored | undefined {
    return this.#objects.get(collection)?.get(name);
  }

  put(
    collection: string,
    object: { metadata: Partial<Stored['metadata']> & { name: string } } & Record<string, unknown>,
  ): Stored {
    const before = this.find(collection, object.metadata.name);
    const merged = {
      ...before,
      ...structuredClone(object),
      metadata: { ...before?.metadata, ...structuredClone(object.metadata) },
    } as unknown as Stored;
    return this.#store(collection, merged, before);
  }

  remove(collection: string, name: string): void {
    const object = this.find(collection, name);
    if (object === undefined) throw new Refused(404, `${name} not found`);
    if ((object.metadata.finalizers ?? []).length === 0) return this.#drop(collection, object);
    const metadata = { ...object.metadata, deletionTimestamp: new Date().toISOString() };
    this.#store(collection, { ...object, metadata }, object);
  }

  #store(collection: string, object: Stored, before: Stored | undefined): Stored {
    const version = ++this.#version;
    const namespace = /\/namespaces\/([^/]+)\//.exec(collection)?.[1] ?? 'default';
    const isChanged = before === undefined || !isDeepStrictEqual(before.spec, object.spec);
    const stored: Stored = {
      ...object,
      metadata: {
        ...object.metadata,
        namespace: object.metadata.namespace ?? namespace,
        uid: before?.metadata.uid ?? randomUUID(),
        resourceVersion: String(version),
        generation: (before?.metadata.generation ?? 0) + (isChanged ? 1 : 0),
      },
    };
    if (stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0) {
      this.#drop(collection, stored);
      return stored;
    }
    if (!this.#objects.has(collection)) this.#objects.set(collection, new Map());
    this.#objects.get(collection)!.set(stored.metadata.name, stored);
    this.#tell({ version, collection, type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored });
    return stored;
  }

  #drop(collection: string, object: Stored): void {
    const version = ++this.#version;
    this.#objects.get(collection)?.delete(object.metadata.name);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#tell({ version, collection, type: 'DELETED', object: last });
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    for (const { collection, response } of this.#watchers)
      if (collection === change.collection) response.write(lineOf(change.type, change.object));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://double');
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const seen: SeenRequest = {
      ...{ method: request.method!, path: url.pathname, query: url.searchParams },
      body: text === '' ? null : (JSON.parse(text) as Record<string, unknown>),
    };
    this.requests.push(seen);
    try {
      if (request.headers.authorization !== 'Bearer token-of-the-tester') throw new Refused(401, 'who is that?');
      if (seen.query.get('watch') === 'true') return this.#watch(seen, response);
      const fault = this.fault(seen);
      if (fault === 'refuse') return void response.destroy();
      if (typeof fault === 'number') throw new Refused(fault, 'as the test wants it');
      const answer = this.#handle(seen);
      if (fault === 'lose') return void response.destroy();
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    } catch (error) {
      const { status = 500, message } = error as Refused;
      const reason = REASONS[status] ?? 'InternalError';
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', code: status, reason, message }));
    }
  }

  #watch({ path, query }: SeenRequest, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    const from = Number(query.get('resourceVersion'));
    if (from < this.#compacted) {
      response.end(
        `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' } })}\n`,
      );
      return;
    }
    for (const { version, collection, type, object } of this.#changes)
      if (collection === path && version > from) response.write(lineOf(type, object));
    const metadata = { resourceVersion: String(this.#version) };
    response.write(lineOf('BOOKMARK', { metadata }));
    const watcher = { collection: path, response };
    this.#watchers.add(watcher);
    const timer = setTimeout(() => response.end(), Number(query.get('timeoutSeconds')) * 1000);
    response.on('close', () => {
      clearTimeout(timer);
      this.#watchers.delete(watcher);
    });
  }

  #handle({ method, path, query, body }: SeenRequest): unknown {
    const [, collection = '', name, subresource] =
      /^(\/apis?\/.*\/namespaces\/[^/]+\/[^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(path) ?? [];
    if (name === undefined) return method === 'POST' ? this.#create(collection, body) : this.#list(collection, query);
    const found = this.find(collection, name);
    if (found === undefined && !(method === 'PATCH' && (body as unknown as Stored).metadata.uid === undefined)) {
      if (method === 'PATCH') throw new Refused(409, 'uid mismatch: no existing object was found');
      throw new Refused(404, `${name} not found`);
    }
    if (method === 'GET') return found;
    if (method === 'DELETE') return (this.remove(collection, name), found);
    if (method === 'PUT') return this.#replace(collection, found!, body as unknown as Stored);
    return this.#apply(collection, found, body as unknown as Stored, subresource);
  }

  #create(collection: string, body: unknown): Stored {
    const object = body as Stored;
    if (this.find(collection, object.metadata.name) !== undefined) throw new Refused(409, 'it exists already');
    return this.put(collection, object);
  }

  #list(collection: string, query: URLSearchParams): object {
    const [position, at] = (query.get('continue') ?? `${this.#version}/0`).split('/').map(Number) as [number, number];
    if (position < this.#compacted && query.has('continue')) throw new Refused(410, 'the continue token is too old');
    const limit = Number(query.get('limit') ?? Infinity);
    const items = this.all(collection);
    const next = at + limit < items.length ? `${position}/${at + limit}` : '';
    return { metadata: { resourceVersion: String(position), continue: next }, items: items.slice(at, at + limit) };
  }

  #replace(collection: string, found: Stored, body: Stored): Stored {
    if (body.metadata.resourceVersion !== found.metadata.resourceVersion)
      throw new Refused(409, 'the object has been modified');
    return this.put(collection, body);
  }

  /** As one manager sees it that owns the status and the finalizers of its own domain. */
  #apply(collection: string, found: Stored | undefined, body: Stored, subresource: string | undefined): Stored {
    const { uid, finalizers } = body.metadata;
    if (uid !== undefined && uid !== found?.metadata.uid) throw new Refused(409, 'uid mismatch');
    if (subresource === 'status') {
      if (isDeepStrictEqual(found!.status, body.status)) return found!;
      return this.#store(collection, { ...found!, status: body.status! }, found);
    }
    if (finalizers === undefined) return this.put(collection, body);
    const own = 'shortlist.dev/';
    const kept = (found?.metadata.finalizers ?? []).filter((one) => !one.startsWith(own));
    const added = finalizers.filter((one) => !(found?.metadata.finalizers ?? []).includes(one));
    if (found?.metadata.deletionTimestamp !== undefined && added.length > 0)
      throw new Refused(422, 'no new finalizers can be added if the object is being deleted');
    return this.#store(
      collection,
      { ...found!, metadata: { ...found!.metadata, finalizers: [...kept, ...finalizers] } },
      found,
    );
  }
}

const lineOf = (type: string, object: object): string => `${JSON.stringify({ type, object })}\n`;
