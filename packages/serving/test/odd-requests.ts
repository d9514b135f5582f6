import fc from 'fast-check';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';

const text = (max: number) =>
  fc
    .oneof(fc.string({ minLength: 1, maxLength: max }), fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }))
    .filter((value) => !value.includes('\0'));
const itemId = (items: number) =>
  fc.oneof(
    fc.nat(items - 1).map((row) => `item-${row}`),
    text(40),
  );
/** Never `__proto__`: the parser refuses that key before the schema sees it, which has its own test. */
const attribute = fc.stringMatching(/^[A-Za-z0-9_.-]{1,64}$/).filter((name) => name !== '__proto__');
const price = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.constantFrom(0, 5e-324, Number.MAX_VALUE));

/** Requests that the schema allows, with values no client of good will would send; ids are `item-<row>` or anything. */
export function oddRequests(items: number): fc.Arbitrary<RecommendRequest> {
  const ids = (maxLength: number) => fc.array(itemId(items), { maxLength });
  const filters = fc
    .record(
      {
        categories: fc.array(fc.oneof(fc.constantFrom('books', 'games'), text(20)), { maxLength: 3 }),
        brands: fc.array(fc.oneof(fc.constantFrom('brand-1', 'brand-2'), text(20)), { maxLength: 3 }),
        min_price: price,
        max_price: price,
        allow_purchased: fc.boolean(),
      },
      { requiredKeys: [] },
    )
    .filter(({ min_price: low = 0, max_price: high = Infinity }) => low <= high);
  const context = fc.record(
    {
      category: fc.oneof(fc.constantFrom('books', 'games'), text(20)),
      surface: fc.string({ maxLength: 64 }),
      device: fc.string({ maxLength: 64 }),
      recent_items: ids(100),
      exclude: ids(200),
      filters,
      user: fc.dictionary(attribute, fc.string({ maxLength: 256 }), { maxKeys: 32 }),
    },
    { requiredKeys: [] },
  );
  const request = fc.record(
    {
      user_id: text(256),
      session_id: text(256),
      num_items: fc.integer({ min: 1, max: 100 }),
      context,
      explain: fc.boolean(),
      why_not: ids(20),
    },
    { requiredKeys: ['user_id', 'num_items'] },
  );
  return request;
}
