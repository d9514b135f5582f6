import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { HttpHandler, HttpServer, HttpServerOptions } from '@shortlist/service/http/adapter.ts';
import { createNodeServer } from '@shortlist/service/http/node-server.ts';
import { createUwsServer } from '@shortlist/service/http/uws-server.ts';
import { answers, rawRequest } from './raw-socket.ts';

const BODY_MAX = 1000;
const HOST = 'Host: shop\r\n';

const echo: HttpHandler = ({ method, path, query, headers, body }) => ({
  status: 200,
  headers: [['content-type', 'application/json']],
  body: JSON.stringify({ method, path, query, id: headers['x-request-id'], body: body.toString('utf8') }),
});

const open: HttpServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

describe.each([
  ['uWebSockets.js', createUwsServer],
  ['node:http', createNodeServer],
])('%s', (_, create) => {
  async function start(options: Partial<HttpServerOptions> = {}): Promise<{ server: HttpServer; port: number }> {
    const server = create({
      handler: echo,
      refuse: (refusal) => ({ status: STATUS[refusal.code], headers: [], body: JSON.stringify(refusal) }),
      bodyBytesMax: BODY_MAX,
      bodyTimeoutMs: 5_000,
      ...options,
    });
    open.push(server);
    return { server, port: await server.listen({ host: '127.0.0.1', port: 0, sharePort: false }) };
  }

  it('gives the handler method, path, query, named headers and body', async () => {
    const { port } = await start();
    const response = await fetch(`http://127.0.0.1:${port}/a/b?x=1&y=%20`, {
      method: 'POST',
      headers: { 'x-request-id': 'abc' },
      body: 'héllo',
    });
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({
      method: 'POST',
      path: '/a/b',
      query: 'x=1&y=%20',
      id: 'abc',
      body: 'héllo',
    });
  });

  it('answers a promise', async () => {
    const { port } = await start({
      handler: (request) => new Promise((resolve) => setImmediate(() => resolve(echo(request)))),
    });
    const response = await fetch(`http://127.0.0.1:${port}/late`, { method: 'POST', body: 'x' });
    expect(await response.json()).toMatchObject({ path: '/late', body: 'x' });
  });

  it('keeps the connection for the next request', async () => {
    const { port } = await start();
    const first = `POST /1 HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nab`;
    let sent = false;
    const socket = connect(port, '127.0.0.1', () => socket.write(first));
    let text = '';
    await new Promise<void>((resolve) => {
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        text += chunk;
        if (!sent && answers(1)(text)) {
          sent = true;
          socket.write(`GET /2 HTTP/1.1\r\n${HOST}\r\n`);
        }
        if (answers(2)(text)) resolve();
      });
    });
    socket.destroy();
    expect(text).toContain('"path":"/1","query":"","id":"","body":"ab"');
    expect(text).toContain('"path":"/2","query":"","id":"","body":""');
  });

  it('answers pipelined requests in order', async () => {
    const { port } = await start();
    const pieces = ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`).join('');
    const { text } = await rawRequest(port, { pieces: [pieces], until: answers(3) });
    expect([...text.matchAll(/"path":"(\/\d)"/g)].map((match) => match[1])).toEqual(['/1', '/2', '/3']);
  });

  it('never answers pipelined requests out of order when the first takes longer', async () => {
    const { port } = await start({
      handler: (request) =>
        new Promise((resolve) => setTimeout(() => resolve(echo(request)), request.path === '/slow' ? 50 : 0)),
    });
    const pieces = [`GET /slow HTTP/1.1\r\n${HOST}\r\nGET /fast HTTP/1.1\r\n${HOST}\r\n`];
    const { text } = await rawRequest(port, { pieces, until: answers(2), timeoutMs: 1_000 });
    const order = [...text.matchAll(/"path":"\/(\w+)"/g)].map((match) => match[1]);
    // uWS closes the connection instead of queueing: an empty answer is allowed, a swapped one is not.
    expect(['slow,fast', 'slow', '']).toContain(order.join(','));
  });

  it('joins a chunked body', async () => {
    const { port } = await start();
    const pieces = [
      `POST /c HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`,
      '3\r\nabc\r\n',
      '2\r\nde\r\n0\r\n\r\n',
    ];
    const { text } = await rawRequest(port, { pieces, until: answers(1) });
    expect(text).toContain('"body":"abcde"');
  });

  it('answers HEAD with the length and no body', async () => {
    const { port } = await start();
    const { text } = await rawRequest(port, {
      pieces: [`HEAD /h HTTP/1.1\r\n${HOST}\r\n`, `GET /after HTTP/1.1\r\n${HOST}\r\n`],
      until: (seen) => seen.includes('/after'),
    });
    const head = text.slice(0, text.indexOf('\r\n\r\n') + 4);
    expect(head).toMatch(/content-length: [1-9]\d*\r\n/i);
    expect(text.slice(head.length)).toMatch(/^HTTP\/1\.1 200/);
  });

  it.each([
    ['two different Content-Lengths', 'Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde'],
    ['the same Content-Length twice', 'Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc'],
    ['a list of Content-Lengths', 'Content-Length: 3, 5\r\n\r\nabc'],
    ['a signed Content-Length', 'Content-Length: +3\r\n\r\nabc'],
    ['an endless Content-Length', 'Content-Length: 99999999999999999999999\r\n\r\nabc'],
    ['Content-Length and Transfer-Encoding', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['an unknown Transfer-Encoding', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['two Transfer-Encodings', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n'],
    ['a chunk size that is no number', 'Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n0\r\n\r\n'],
  ])('refuses %s with 400, closes, and never serves what was smuggled behind it', async (_name, rest) => {
    const paths: string[] = [];
    const { port } = await start({
      handler: (request) => {
        paths.push(request.path);
        return echo(request);
      },
    });
    const refused = `POST /x HTTP/1.1\r\n${HOST}${rest}`;
    const alone = await rawRequest(port, { pieces: [refused] });
    expect(alone.statuses).toEqual([400]);
    // What uWebSockets.js itself cannot parse it refuses in its own words.
    if (!alone.text.includes('uWebSockets'))
      expect(alone.text).toMatch(/"code":"request_malformed","reason":"[^"]+ [^"]+"/);
    expect(alone.closed).toBe(true);
    const withMore = await rawRequest(port, { pieces: [`${refused}GET /smuggled HTTP/1.1\r\n${HOST}\r\n`] });
    expect(withMore.closed).toBe(true);
    expect(withMore.text).not.toContain('HTTP/1.1 200');
    expect(paths).toEqual([]);
  });

  it.each([
    ['no Host', 'POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc'],
    ['a space before the colon', `POST /x HTTP/1.1\r\n${HOST}Content-Length : 3\r\n\r\nabc`],
    ['a folded header', `POST /x HTTP/1.1\r\n${HOST}X-A: 1\r\n 2\r\nContent-Length: 3\r\n\r\nabc`],
    ['bytes that are no HTTP', '\x16\x03\x01 hello\r\n\r\n'],
  ])('never lets %s reach the handler', async (_name, text) => {
    let reached = 0;
    const { port } = await start({
      handler: (request) => {
        reached += 1;
        return echo(request);
      },
    });
    await rawRequest(port, { pieces: [text], timeoutMs: 200 });
    expect(reached).toBe(0);
  });

  it('refuses a body that is declared too large before it comes', async () => {
    const { port } = await start();
    const { statuses, text } = await rawRequest(port, {
      pieces: [`POST /x HTTP/1.1\r\n${HOST}Content-Length: ${BODY_MAX + 1}\r\n\r\n`],
      until: (seen) => seen.includes('maxBytes'),
    });
    expect(statuses).toEqual([413]);
    expect(text).toContain(`"maxBytes":${BODY_MAX}`);
  });

  it('accepts a body of exactly the limit', async () => {
    const { port } = await start();
    const response = await fetch(`http://127.0.0.1:${port}/x`, { method: 'POST', body: 'x'.repeat(BODY_MAX) });
    expect(((await response.json()) as { body: string }).body).toHaveLength(BODY_MAX);
  });

  it('refuses a chunked body as soon as it passes the limit, though it never ends', async () => {
    const { port } = await start();
    const chunk = `190\r\n${'x'.repeat(400)}\r\n`;
    const { statuses } = await rawRequest(port, {
      pieces: [`POST /x HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n`, chunk, chunk, chunk],
      until: (seen) => seen.includes('maxBytes'),
    });
    expect(statuses).toEqual([413]);
  });

  it('lets an ordinary client read the 413 of a 10 MB body', async () => {
    const { port } = await start();
    const body = Buffer.alloc(10 * 1024 * 1024, 120);
    const response = await fetch(`http://127.0.0.1:${port}/x`, { method: 'POST', body });
    expect(response.status).toBe(413);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toEqual({ code: 'body_too_large', maxBytes: BODY_MAX });
  });

  it('stops reading an oversize body after a while', async () => {
    const { port } = await start({ bodyTimeoutMs: 100 });
    const { closed, statuses } = await rawRequest(port, {
      pieces: [`POST /x HTTP/1.1\r\n${HOST}Content-Length: 999999999\r\n\r\n`, 'x'],
    });
    expect(statuses).toEqual([413]);
    expect(closed).toBe(true);
  });

  it('turns a request away before its body has come, skips the body and keeps the connection', async () => {
    const asked: string[] = [];
    let handled = 0;
    const { port } = await start({
      handler: (request) => {
        handled += 1;
        return echo(request);
      },
      headers: ['x-class'],
      admit: ({ method, path, headers }) => {
        asked.push(`${method} ${path} ${headers['x-class']}`);
        return path === '/busy' ? { status: 503, headers: [['retry-after', '1']], body: 'busy' } : null;
      },
    });
    const head = `POST /busy HTTP/1.1\r\n${HOST}X-Class: low\r\n`;
    for (const [first, ...rest] of [
      // The body with the head, after it, in two pieces, in chunks; and none.
      [`${head}Content-Length: 4\r\n\r\nabcd`],
      [`${head}Content-Length: 4\r\n\r\n`, 'abcd'],
      [`${head}Content-Length: 4\r\n\r\nab`, 'cd'],
      [`${head}Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n`, '2\r\ncd\r\n0\r\n\r\n'],
      [`${head}\r\n`],
    ] as [string, ...string[]][]) {
      const socket = connect(port, '127.0.0.1', () => socket.write(first));
      let text = '';
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        if (text === '') for (const piece of [...rest, `GET /next HTTP/1.1\r\n${HOST}\r\n`]) socket.write(piece);
        text += chunk;
      });
      await expect.poll(() => answers(2)(text), { timeout: 20_000 }).toBe(true);
      socket.destroy();
      expect([...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map((match) => match[1])).toEqual(['503', '200']);
      expect(text).toMatch(/retry-after: 1/i);
      expect(text).toContain('"path":"/next"');
    }
    expect(asked.filter((line) => line === 'POST /busy low')).toHaveLength(5);
    expect(handled).toBe(5);
  });

  it('refuses a body that does not arrive in time with 408 and closes', async () => {
    const { port, server } = await start({ bodyTimeoutMs: 100 });
    const { statuses, closed } = await rawRequest(port, {
      pieces: [`POST /x HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nabc`],
    });
    expect(statuses).toEqual([408]);
    expect(closed).toBe(true);
    expect(server.inFlight()).toBe(0);
  });

  it('survives clients that go away in the middle of a body and before the answer', async () => {
    let aborted = 0;
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { port, server } = await start({
      handler: async (request) => {
        if (request.path === '/held') await held;
        return echo(request);
      },
      onAborted: () => (aborted += 1),
    });
    await rawRequest(port, { pieces: [`POST /half HTTP/1.1\r\n${HOST}Content-Length: 9\r\n\r\nab`], timeoutMs: 50 });
    await rawRequest(port, { pieces: [`GET /held HTTP/1.1\r\n${HOST}\r\n`], timeoutMs: 50 });
    await expect.poll(() => aborted).toBe(2);
    release();
    expect((await fetch(`http://127.0.0.1:${port}/alive`)).status).toBe(200);
    expect(server.inFlight()).toBe(0);
  });

  it('says port_in_use when the port is taken', async () => {
    const { port } = await start();
    const second = create({ handler: echo, refuse: () => NOTHING, bodyBytesMax: 1, bodyTimeoutMs: 1_000 });
    const failure = await second.listen({ host: '127.0.0.1', port, sharePort: false }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ShortlistError);
    expect(failure).toMatchObject({ code: 'port_in_use', details: { port } });
  });

  it('lets processes share a port when asked to', async () => {
    const options = { handler: echo, refuse: () => NOTHING, bodyBytesMax: 1, bodyTimeoutMs: 1_000 };
    const [first, second] = [create(options), create(options)];
    open.push(first, second);
    const port = await freePort();
    await first.listen({ host: '127.0.0.1', port, sharePort: true });
    expect(await second.listen({ host: '127.0.0.1', port, sharePort: true })).toBe(port);
  });

  it('drains: finishes what is in flight, tells the client to go, refuses new connections', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const { port, server } = await start({
      handler: async (request) => {
        await held;
        return echo(request);
      },
    });
    const answer = fetch(`http://127.0.0.1:${port}/last`);
    await expect.poll(() => server.inFlight()).toBe(1);
    const closing = server.close(5_000);
    await expect(fetch(`http://127.0.0.1:${port}/too-late`)).rejects.toThrow();
    release();
    const response = await answer;
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toMatchObject({ path: '/last' });
    expect(await closing).toBe(0);
  });

  it('cuts off what outlasts the drain and counts it', async () => {
    const { port, server } = await start({ handler: () => new Promise(() => undefined) });
    const answer = fetch(`http://127.0.0.1:${port}/never`).catch(() => 'cut off');
    await expect.poll(() => server.inFlight()).toBe(1);
    expect(await server.close(20)).toBe(1);
    expect(await answer).toBe('cut off');
  });
});

/** A port that was free a moment ago (uWS shares no port that the system chose). */
async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

const STATUS = { body_too_large: 413, request_malformed: 400, body_timeout: 408 } as const;
const NOTHING = { status: 400, headers: [], body: '' } as const;
