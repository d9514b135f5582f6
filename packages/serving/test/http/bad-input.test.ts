import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorOf, post, startPod, type StartedPod } from '../start-pod.ts';

const RUNS = 400;

async function isAnsweredWell(response: Response): Promise<void> {
  if (response.status !== 200) {
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    const error = await errorOf(response);
    expect(error.code).toMatch(/^[a-z_]+$/);
    expect(error.message.length).toBeLessThan(1000);
  } else await response.arrayBuffer();
  expect(Object.keys(Object.prototype)).toEqual([]);
}

const id = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 20 }));
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(0, 10_000, -1, 1.5, Number.MAX_VALUE));
const request = fc.record(
  {
    user_id: id,
    session_id: id,
    num_items: fc.oneof(fc.integer({ min: 1, max: 100 }), number),
    context: fc.oneof(
      fc.record(
        {
          category: id,
          recent_items: fc.array(id),
          exclude: fc.array(id),
          filters: fc.record({ min_price: number, max_price: number, brands: fc.array(id) }, { requiredKeys: [] }),
        },
        { requiredKeys: [] },
      ),
      fc.anything(),
    ),
    explain: fc.oneof(fc.boolean(), fc.anything()),
  },
  { requiredKeys: [] },
);

describe.each(['uws', 'node'])('input that nobody foresaw, over %s', (httpServer) => {
  let pod: StartedPod;
  beforeAll(async () => {
    pod = await startPod({ SHORTLIST_LOG_LEVEL: 'error', SHORTLIST_HTTP_SERVER: httpServer });
  });
  afterAll(() => pod.server.drain());

  it('is answered with 2xx or a coded 4xx: requests of odd values', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (value) => {
        const text = safeStringify(value);
        await isAnsweredWell(await post(`${pod.url}/recommend`, text));
      }),
      { numRuns: RUNS },
    );
  });

  it('is answered with 2xx or a coded 4xx: any JSON at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 6, noUnicodeString: false }), async (text) => {
        await isAnsweredWell(await post(`${pod.url}/recommend`, text));
      }),
      { numRuns: RUNS },
    );
  });

  it('is answered with 2xx or a coded 4xx: a good body with bytes changed, cut or put in', async () => {
    const good = Buffer.from(
      JSON.stringify({
        user_id: 'u-1',
        num_items: 5,
        context: { category: 'audio', recent_items: ['a', 'b'], filters: { min_price: 1.5, allow_purchased: true } },
        explain: true,
      }),
    );
    const mutation = fc.record({
      at: fc.nat(good.length - 1),
      removed: fc.nat(12),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 6 }),
        fc
          .constantFrom('"', '{', '[', '}', '\\', '\\u0000', '1e400', '__proto__', '-', 'null')
          .map((text) => Buffer.from(text)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
        let body = Buffer.from(good);
        for (const { at, removed, put } of mutations) {
          body = Buffer.concat([body.subarray(0, at), put, body.subarray(at + removed)]);
        }
        await isAnsweredWell(await post(`${pod.url}/recommend`, body));
      }),
      { numRuns: RUNS },
    );
  });

  it('is answered with 2xx or a coded 4xx: query parameters', async () => {
    const name = fc.oneof(
      fc.constantFrom('user_id', 'k', 'category', 'page', 'min_price', 'search', 'product_id'),
      fc.string(),
    );
    const path = fc.constantFrom('/recommendations', '/similar-products', '/trending', '/products');
    await fc.assert(
      fc.asyncProperty(path, fc.array(fc.tuple(name, fc.string()), { maxLength: 5 }), async (route, pairs) => {
        const query = new URLSearchParams(pairs).toString();
        await isAnsweredWell(await fetch(`${pod.url}${route}?${query}`));
      }),
      { numRuns: RUNS },
    );
  });
});

/** JSON.stringify that also survives what `fc.anything` makes: cycles do not occur, but BigInt and odd toJSON do. */
function safeStringify(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner)) ?? '';
  } catch {
    return '{';
  }
}
