import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { errorOf, post, startPod, type StartedPod } from '../start-pod.ts';

describe.each(['uws', 'node'])('over %s', (httpServer) => {
  let pod: StartedPod;
  beforeAll(async () => {
    pod = await startPod({ SHORTLIST_HTTP_SERVER: httpServer });
  });
  afterAll(() => pod.server.drain());

  const recommend = (body: unknown, headers?: Record<string, string>) => post(`${pod.url}/recommend`, body, headers);

  /** Sends raw header lines, which fetch would not, and resolves with the body of a 400. */
  function sendWithHeaders(headers: readonly string[]): Promise<string> {
    const { hostname, port } = new URL(pod.url);
    return new Promise((resolve, reject) => {
      const sent = request({
        hostname,
        port,
        method: 'POST',
        path: '/recommend',
        headers: ['Host', hostname, ...headers],
      });
      sent.once('error', reject);
      sent.once('response', (response) => {
        expect(response.statusCode).toBe(400);
        response.setEncoding('utf8').on('data', (chunk: string) => resolve(chunk));
      });
      sent.end('abc');
    });
  }

  describe('POST /recommend', () => {
    it('answers a slate, with defaults filled in', async () => {
      const response = await recommend({ user_id: 'u1' });
      expect(response.status).toBe(200);
      const answer = (await response.json()) as { recommendations: unknown[]; tier: string; latency_ms: number };
      expect(answer.recommendations).toHaveLength(10);
      expect(answer.tier).toBe('personalized');
      expect(answer.latency_ms).toBeGreaterThan(0);
      expect(pod.recommender.requests.at(-1)).toEqual({ user_id: 'u1', num_items: 10 });
    });

    it('honours a sane x-request-id and replaces any other', async () => {
      for (const id of ['abc-123', 'x'.repeat(128)]) {
        const response = await recommend({ user_id: 'u1' }, { 'x-request-id': id });
        expect(response.headers.get('x-request-id')).toBe(id);
        expect(((await response.json()) as { request_id: string }).request_id).toBe(id);
      }
      for (const id of ['x'.repeat(129), 'two words', 'tab\there']) {
        const response = await recommend({ user_id: 'u1' }, { 'x-request-id': id });
        expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
      }
    });

    const tooDeep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    it.each([
      ['an empty body', '', 'empty'],
      ['text that is no JSON', '{"user_id": "u1"', 'JSON'],
      ['NaN', '{"user_id":"u1","num_items":NaN}', 'JSON'],
      ['Infinity', '{"user_id":"u1","num_items":Infinity}', 'JSON'],
      ['depth 10,000', tooDeep, 'deeper'],
      ['depth 10,000 inside a field', `{"context":${tooDeep}}`, 'deeper'],
      ['depth 10,000 that never ends', '{"a":'.repeat(10_000), 'deeper'],
      ['__proto__', '{"user_id":"u1","__proto__":{"admin":true}}', 'forbidden prototype'],
      ['an escaped __proto__', '{"user_id":"u1","\\u005f_proto__":{"admin":true}}', 'forbidden prototype'],
      ['constructor.prototype', '{"context":{"constructor":{"prototype":{"x":1}}}}', 'forbidden prototype'],
      ['bytes that are no UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'UTF-8'],
    ])('refuses %s as body_malformed', async (_name, body, reason) => {
      const response = await recommend(body);
      expect(response.status).toBe(400);
      const error = await errorOf(response);
      expect(error.code).toBe('body_malformed');
      expect(error.message).toContain(reason);
      expect(({} as Record<string, unknown>).admin).toBeUndefined();
    });

    it.each([
      ['no unit', {}, 'user_id', 'missing'],
      ['an array', [], 'body', 'must be object, not array'],
      ['null', 'null', 'body', 'must be object, not null'],
      ['num_items 0', { user_id: 'u', num_items: 0 }, 'num_items', 'must be >= 1'],
      ['num_items 10,000', { user_id: 'u', num_items: 10_000 }, 'num_items', 'must be <= 100'],
      ['num_items 1.5', { user_id: 'u', num_items: 1.5 }, 'num_items', 'must be integer, not number'],
      ['num_items as text', { user_id: 'u', num_items: '5' }, 'num_items', 'must be integer, not string'],
      ['1e400', '{"user_id":"u","num_items":1e400}', 'num_items', 'must be integer, not infinite'],
      [
        '-1e400 deep inside',
        '{"user_id":"u","context":{"filters":{"min_price":-1e400}}}',
        'context.filters.min_price',
        'infinite',
      ],
      ['an empty id', { user_id: '' }, 'user_id', 'fewer than 1'],
      ['an id of 10 kB', { user_id: 'x'.repeat(10_240) }, 'user_id', '10240 characters given'],
      ['an empty session', { session_id: '' }, 'session_id', 'fewer than 1'],
      [
        'an empty item id',
        { user_id: 'u', context: { recent_items: [''] } },
        'context.recent_items[0]',
        'fewer than 1',
      ],
      [
        'an item id of 10 kB',
        { user_id: 'u', context: { exclude: ['i', 'x'.repeat(10_240)] } },
        'context.exclude[1]',
        '10240 characters given',
      ],
      ['a category of 10 kB', { user_id: 'u', context: { category: 'x'.repeat(10_240) } }, 'context.category', '10240'],
      ['an id with NUL', { session_id: 'a\0b' }, 'session_id', 'NUL'],
      ['an id that is a number', { user_id: 5 }, 'user_id', 'must be string, not integer'],
      ['an unknown field', { user_id: 'u', nun_items: 3 }, 'nun_items', 'unknown; known here: user_id'],
      ['an unknown field of 10 kB', { user_id: 'u', ['y'.repeat(10_240)]: 3 }, `${'y'.repeat(100)}...`, 'unknown'],
      ['an attribute that is no text', { user_id: 'u', context: { user: { plan: 7 } } }, 'context.user.plan', 'string'],
      [
        'an attribute of 10 kB',
        { user_id: 'u', context: { user: { a: 'x'.repeat(10_240) } } },
        'context.user.a',
        '10240',
      ],
      [
        'an attribute of an odd name',
        { user_id: 'u', context: { user: { 'a b': '' } } },
        'context.user.a b',
        'unknown',
      ],
      [
        '33 attributes',
        { user_id: 'u', context: { user: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, ''])) } },
        'context.user',
        '32',
      ],
      ['an unknown field inside', { user_id: 'u', context: { colour: 'red' } }, 'context.colour', 'unknown'],
      ['a wrong list member', { user_id: 'u', context: { exclude: ['a', 7] } }, 'context.exclude[1]', 'must be string'],
      [
        'a list that is too long',
        { user_id: 'u', context: { recent_items: Array(101).fill('i') } },
        'context.recent_items',
        '100',
      ],
      [
        'prices the wrong way',
        { user_id: 'u', context: { filters: { min_price: 5, max_price: 1 } } },
        'context.filters.min_price',
        'above max_price',
      ],
    ])('refuses %s as field_invalid and names the field', async (_name, body, field, reason) => {
      const response = await recommend(body);
      expect(response.status).toBe(400);
      const error = await errorOf(response);
      expect(error).toMatchObject({ code: 'field_invalid', details: { field } });
      expect(error.message).toContain(reason);
      expect(error.message.length).toBeLessThan(600);
      expect(error.request_id).toBe(response.headers.get('x-request-id'));
    });

    it('takes what the caller knows of the user', async () => {
      const user = { plan: 'paid', 'country.code': 'dé', empty: '' };
      expect((await recommend({ user_id: 'u', context: { user } })).status).toBe(200);
      expect(pod.recommender.requests.at(-1)?.context?.user).toEqual(user);
    });

    it('takes lone surrogates and brackets in text for what they are', async () => {
      const response = await recommend(`{"user_id":"\\ud800 ${'['.repeat(200)} \\" ${'{'.repeat(20)}"}`);
      expect(response.status).toBe(200);
      expect(pod.recommender.requests.at(-1)?.user_id).toContain('\ud800 [[');
    });

    it('refuses a body of 10 MB with 413 in the same shape', async () => {
      const response = await recommend(`{"user_id":"${'x'.repeat(10 * 1024 * 1024)}"}`);
      expect(response.status).toBe(413);
      expect(await errorOf(response)).toMatchObject({ code: 'body_too_large', details: { maxBytes: 1024 * 1024 } });
    });

    it('refuses two Content-Lengths in the same shape', async () => {
      const text = await sendWithHeaders(['Content-Length', '3', 'Content-Length', '5', 'X-Request-Id', 'two-lengths']);
      expect(JSON.parse(text)).toMatchObject({
        error: {
          code: 'request_malformed',
          message: expect.stringMatching(/content.length/i) as string,
          details: { reason: expect.any(String) as string },
        },
      });
    });

    it('passes on what the recommender refuses, with Retry-After when it is overload', async () => {
      pod.recommender.failure = new ShortlistError('overloaded', { retryAfterS: 2 });
      const overloaded = await recommend({ user_id: 'u' });
      pod.recommender.failure = new ShortlistError('user_not_found', { userId: 'u' });
      const unknown = await recommend({ user_id: 'u' });
      pod.recommender.failure = undefined;
      expect(overloaded.status).toBe(503);
      expect(overloaded.headers.get('retry-after')).toBe('2');
      expect(unknown.status).toBe(404);
      expect((await errorOf(unknown)).message).toContain('User u is not known');
    });

    it('answers 500 for a bug, tells the caller only the request id, and logs the stack', async () => {
      pod.recommender.failure = new TypeError('secret detail');
      const response = await recommend({ user_id: 'u' }, { 'x-request-id': 'the-bug' });
      pod.recommender.failure = undefined;
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(text).toContain('the-bug');
      expect(text).not.toContain('secret');
      expect(pod.lines.find((line) => line.request_id === 'the-bug')).toMatchObject({
        level: 50,
        route: '/recommend',
        err: { type: 'TypeError', message: 'secret detail' },
      });
    });
  });

  describe('with more requests than may be in flight', () => {
    it("refuses at once with 503 and Retry-After, before the body has come, and lets a shopper take a prefetch's place", async () => {
      const busy = await startPod({ SHORTLIST_HTTP_SERVER: httpServer, SHORTLIST_QUEUE_MAX: '8' });
      try {
        for (let i = 0; i < 8; i++) busy.admission.enter(i < 4 ? 'prefetch' : 'shopper', 1_000);
        const ask = (priority: string) =>
          post(`${busy.url}/recommend`, { user_id: 'u' }, { 'x-shortlist-priority': priority });
        const refused = await ask('prefetch');
        expect(refused.status).toBe(503);
        expect(refused.headers.get('retry-after')).toBe('1');
        expect(await errorOf(refused)).toMatchObject({
          code: 'overloaded',
          request_id: refused.headers.get('x-request-id'),
        });
        expect(busy.recommender.requests).toEqual([]);
        expect((await ask('shopper')).status).toBe(200);
        expect((await fetch(`${busy.url}/health/ready`)).status).toBe(200);
        const metrics = await (await fetch(`${busy.url}/metrics`)).text();
        expect(metrics).toContain('shortlist_shed_total{reason="limit",priority="prefetch"} 1');
        expect(metrics).toContain('shortlist_requests_total{route="/recommend",status="503",tier=""} 1');
        expect(metrics).toContain('shortlist_admitted_in_flight{priority="prefetch"} 4');
      } finally {
        await busy.server.drain();
      }
    });
  });

  describe('POST /rank', () => {
    const rank = (body: unknown) => post(`${pod.url}/rank`, body);

    it('answers the order of the items', async () => {
      const response = await rank({ user_id: 'u1', items: ['b', 'a'], context: { surface: 'search' } });
      expect(response.status).toBe(200);
      const answer = (await response.json()) as { ranked: unknown[]; latency_ms: number; request_id: string };
      expect(answer.ranked).toEqual([
        { item_id: 'b', score: 1 },
        { item_id: 'a', score: 0.5 },
      ]);
      expect(answer.request_id).toBe(response.headers.get('x-request-id'));
      expect(answer.latency_ms).toBeGreaterThan(0);
    });

    it.each([
      ['no items', { user_id: 'u', items: [] }, 'items'],
      ['an item twice', { user_id: 'u', items: ['a', 'a'] }, 'items'],
      ['too many items', { user_id: 'u', items: Array.from({ length: 501 }, (_, i) => `i${i}`) }, 'items'],
      ['nobody', { items: ['a'] }, 'user_id'],
      ['filters, which would do nothing', { user_id: 'u', items: ['a'], context: { filters: {} } }, 'context.filters'],
    ])('refuses %s', async (_, body, field) => {
      const response = await rank(body);
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: 'field_invalid', details: { field } });
    });
  });

  describe('GET /recommendations', () => {
    it('asks the same of the recommender', async () => {
      const response = await fetch(`${pod.url}/recommendations?user_id=u%201&k=3&category=audio`);
      expect(((await response.json()) as { recommendations: unknown[] }).recommendations).toHaveLength(3);
      expect(pod.recommender.requests.at(-1)).toEqual({ user_id: 'u 1', num_items: 3, context: { category: 'audio' } });
    });

    it.each([
      ['k=3', 'user_id', 'missing'],
      ['user_id=u&k=0', 'k', 'must be >= 1'],
      ['user_id=u&k=1000000000', 'k', 'must be <= 100'],
      ['user_id=u&k=NaN', 'k', 'must be integer, not string'],
      ['user_id=u&k=0x5', 'k', 'must be integer'],
      ['user_id=u&k=1e1', 'k', 'must be integer'],
      ['user_id=u&k=', 'k', 'must be integer'],
      ['user_id=u&k=1.5', 'k', 'must be integer'],
      ['user_id=', 'user_id', 'fewer than 1'],
      [`user_id=${'x'.repeat(300)}`, 'user_id', '300 characters given'],
      [`user_id=u&category=${'x'.repeat(3000)}`, 'category', '3000 characters given'],
      ['user_id=u&user_id=v', 'user_id', 'given twice'],
      ['user_id=u&limit=5', 'limit', 'unknown; known here: user_id, session_id, k, category'],
      ['user_id=u&__proto__=5', '__proto__', 'unknown'],
    ])('refuses ?%s', async (query, field, reason) => {
      const response = await fetch(`${pod.url}/recommendations?${query}`);
      expect(response.status).toBe(400);
      const error = await errorOf(response);
      expect(error).toMatchObject({ code: 'field_invalid', details: { field } });
      expect(error.message).toContain(reason);
    });
  });
});
