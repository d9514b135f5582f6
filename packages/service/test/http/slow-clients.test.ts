import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { HttpServer, HttpServerOptions } from '@shortlist/service/http/adapter.ts';
import { createNodeServer } from '@shortlist/service/http/node-server.ts';
import { createUwsServer } from '@shortlist/service/http/uws-server.ts';
import { rawRequest } from './raw-socket.ts';

const HOST = 'Host: shop\r\n';
const BODY_MAX = 1000;
/** Far beyond the 10 s after which uWebSockets.js closes what is silent. */
const WITHIN = { timeout: 50_000, interval: 50 };

const open: HttpServer[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(open.splice(0).map((server) => server.close(0)));
});

/** A client on a bare socket that says when it was let go. */
function client(port: number): { socket: Socket; isOver: () => boolean } {
  const socket = connect(port, '127.0.0.1').resume();
  let over = false;
  socket.on('error', () => (over = true)).on('close', () => (over = true));
  sockets.push(socket);
  return { socket, isOver: () => over };
}

describe.each([
  ['uWebSockets.js', createUwsServer],
  ['node:http', createNodeServer],
])('slow and greedy clients of %s', (_, create) => {
  async function start(options: Partial<HttpServerOptions> = {}) {
    const counts = { handled: 0 };
    const server = create({
      handler: () => {
        counts.handled += 1;
        return { status: 200, headers: [], body: 'ok' };
      },
      refuse: ({ code }) => ({ status: code === 'body_too_large' ? 413 : 408, headers: [], body: code }),
      bodyBytesMax: BODY_MAX,
      bodyTimeoutMs: 500,
      ...options,
    });
    open.push(server);
    const port = await server.listen({ host: '127.0.0.1', port: 0, sharePort: false });
    const good = async () => (await fetch(`http://127.0.0.1:${port}/`)).status;
    return { server, port, counts, good };
  }

  it('lets go of headers that come drop by drop, many at a time, and serves others meanwhile', async () => {
    const { port, good } = await start();
    const slow = Array.from({ length: 100 }, () => client(port));
    for (const { socket } of slow) socket.write(`GET / HTTP/1.1\r\n${HOST}X-Slow: `);
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('x');
    }, 200);
    try {
      for (let i = 0; i < 20; i++) expect(await good()).toBe(200);
      await expect.poll(() => slow.every(({ isOver }) => isOver()), WITHIN).toBe(true);
    } finally {
      clearInterval(drip);
    }
    expect(await good()).toBe(200);
  });

  it('sends a long answer to a client that reads slowly, whole', async () => {
    const answer = Buffer.from('0123456789'.repeat(1_000_000));
    const { port } = await start({ handler: () => ({ status: 200, headers: [], body: answer }) });
    const { socket } = client(port);
    socket.pause();
    socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`);
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (let untilMs = performance.now() + 50_000; bytes < answer.length && performance.now() < untilMs;) {
      const piece = socket.read() as Buffer | null;
      if (piece === null) await sleep(5);
      else {
        pieces.push(piece);
        bytes += piece.length;
      }
    }
    const text = Buffer.concat(pieces);
    const body = text.subarray(text.indexOf('\r\n\r\n') + 4);
    expect(text.toString('latin1', 0, 200)).toMatch(/content-length: 10000000/i);
    expect(answer.subarray(0, body.length).equals(body)).toBe(true);
    expect(body.length).toBeGreaterThan(answer.length - 1000);
  });

  it('lets go of clients that connect and say nothing', async () => {
    const { port, good } = await start();
    const silent = Array.from({ length: 100 }, () => client(port));
    await expect.poll(() => silent.every(({ isOver }) => isOver()), WITHIN).toBe(true);
    expect(await good()).toBe(200);
  });

  it('lets go of bodies that come drop by drop, with an answer, and forgets them', async () => {
    const { server, port, counts, good } = await start();
    const slow = Array.from({ length: 50 }, () => client(port));
    for (const { socket } of slow) socket.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: 900\r\n\r\n`);
    await expect.poll(() => server.inFlight(), WITHIN).toBe(50);
    const drip = setInterval(() => {
      for (const { socket } of slow) if (socket.writable) socket.write('x');
    }, 100);
    try {
      expect(await good()).toBe(200);
      await expect.poll(() => slow.every(({ isOver }) => isOver()), WITHIN).toBe(true);
    } finally {
      clearInterval(drip);
    }
    expect(server.inFlight()).toBe(0);
    expect(counts.handled).toBe(1);
  });

  it('refuses headers that are too large or never end, and asks nobody to answer them', async () => {
    const { port, counts, good } = await start();
    const huge = `GET / HTTP/1.1\r\n${HOST}X-Huge: ${'x'.repeat(100_000)}\r\n\r\n`;
    const many = `GET / HTTP/1.1\r\n${HOST}${'X-Many: y\r\n'.repeat(20_000)}\r\n`;
    const line = `GET /${'x'.repeat(100_000)} HTTP/1.1\r\n${HOST}\r\n`;
    for (const text of [huge, many, line]) {
      const { statuses } = await rawRequest(port, { pieces: [text], timeoutMs: 30_000 });
      // Where the server closes while the client still sends, the answer may be lost with the connection.
      if (statuses.length > 0)
        expect(statuses).toEqual([expect.toSatisfy((status: number) => [400, 414, 431].includes(status))]);
    }
    expect(counts.handled).toBe(0);
    expect(await good()).toBe(200);
  });

  it('keeps no more than the limit of bodies that are far too large, however many come at a time', async () => {
    const { server, port, counts, good } = await start();
    const block = Buffer.alloc(64 * 1024, 'x');
    const greedy = Array.from({ length: 50 }, () => client(port));
    for (const { socket } of greedy) {
      socket.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: 1000000000\r\n\r\n`);
      const send = (): void => {
        if (socket.writable && socket.write(block)) setImmediate(send);
        else socket.once('drain', send);
      };
      send();
    }
    await expect.poll(() => greedy.every(({ isOver }) => isOver()), WITHIN).toBe(true);
    expect(server.inFlight()).toBe(0);
    expect(counts.handled).toBe(0);
    expect(await good()).toBe(200);
  });

  it('does not pile up answers for a client that asks and asks and never reads', async () => {
    const answer = 'x'.repeat(100_000);
    let handled = 0;
    const { port, good } = await start({
      handler: () => {
        handled += 1;
        return { status: 200, headers: [], body: answer };
      },
    });
    const { socket } = client(port);
    await once(socket, 'connect');
    socket.pause();
    const asked = 5_000;
    socket.write(`GET / HTTP/1.1\r\n${HOST}\r\n`.repeat(asked));
    let before = -1;
    while (before !== handled) {
      before = handled;
      await sleep(500);
    }
    // What sockets hold and one piece of input; not the 500 MB that were asked for.
    expect(handled).toBeLessThan(asked / 2);
    expect(await good()).toBe(200);
  });
});
