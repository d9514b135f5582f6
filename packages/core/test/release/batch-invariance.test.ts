import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { towerInput, UserTower } from '../../src/release/user-tower.ts';
import { EVENT_CODE } from '../../src/contracts/events.ts';
import type { Ranker } from '../../src/release/ranker.ts';
import {
  batchOf,
  openTinyRanker,
  randomFloats,
  randomProfile,
  randomRequest,
  randomUnitVectors,
  TINY,
  tinyModel,
} from './tiny-models.ts';

const ITEMS = 300;
const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const bits = (values: Float32Array) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

describe.each(['ranker.fp32.onnx', 'ranker.int8.onnx'])('%s', (name) => {
  let ranker: Ranker;
  beforeAll(async () => {
    ranker = await openTinyRanker(name, randomFloats(ITEMS * TINY.item, seededRandom(1)));
  });
  afterAll(() => ranker.close());

  it('scores a request the same to the last bit whatever it is batched with', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(seeds, sizes, async (seed, candidates) => {
        const random = seededRandom(seed);
        const requests = candidates.map((count) => randomRequest(ITEMS, count, random));
        const together = await ranker.run(batchOf(requests));
        let at = 0;
        for (const request of requests) {
          const alone = await ranker.run(batchOf([request]));
          expect(bits(together.subarray(at, at + alone.length))).toBe(bits(alone));
          at += alone.length;
        }
        expect(at).toBe(together.length);
      }),
      { numRuns: 250 },
    );
  });

  it('reads arrays that are longer than the batch, whatever follows in them', async () => {
    const batch = batchOf([randomRequest(ITEMS, 21, seededRandom(4))]);
    const longer = <T extends Float32Array | Int32Array>(values: T, rest: number): T => {
      const long = new (values.constructor as new (length: number) => T)(values.length + 200);
      long.set(values);
      return long.fill(rest, values.length) as T;
    };
    const dirty = {
      ...batch,
      userFeatures: longer(batch.userFeatures, Number.NaN),
      crossFeatures: longer(batch.crossFeatures, Number.NaN),
      itemRows: longer(batch.itemRows, -1),
      requestIndex: longer(batch.requestIndex, 99),
    };
    expect(bits(await ranker.run(dirty))).toBe(bits(await ranker.run(batch)));
  });

  it('keeps overlapping runs apart', async () => {
    const random = seededRandom(5);
    const batches = Array.from({ length: 12 }, (_, i) => batchOf([randomRequest(ITEMS, 1 + i * 7, random)]));
    const oneByOne = [];
    for (const batch of batches) oneByOne.push(bits(await ranker.run(batch)));
    const overlapping = await Promise.all(batches.map((batch) => ranker.run(batch)));
    expect(overlapping.map(bits)).toEqual(oneByOne);
  });

  it('sees an item feature that was changed in place', async () => {
    const table = randomFloats(ITEMS * TINY.item, seededRandom(1));
    const live = await openTinyRanker(name, table);
    const request = batchOf([randomRequest(ITEMS, 5, seededRandom(2))]);
    const before = await live.run(request);
    table.fill(1.5, request.itemRows[3]! * TINY.item, (request.itemRows[3]! + 1) * TINY.item);
    const after = await live.run(request);
    expect([...after.subarray(6, 8)]).not.toEqual([...before.subarray(6, 8)]);
    expect([...after.subarray(0, 2)]).toEqual([...before.subarray(0, 2)]);
    await live.close();
  });
});

describe('user-tower.onnx', () => {
  let tower: UserTower;
  beforeAll(async () => {
    const vectors = randomUnitVectors(ITEMS, TINY.dim, seededRandom(1));
    tower = await UserTower.open(tinyModel('user-tower.onnx'), 'user-tower.onnx', vectors, TINY.dim);
  });
  afterAll(() => tower.close());

  it('maps a profile to the same vector to the last bit whatever it is batched with', async () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(seeds, lengths, async (seed, events) => {
        const random = seededRandom(seed);
        const profiles = events.map((count) => randomProfile(ITEMS, count, random));
        const nowS = profiles.map(() => 1_700_010_000 + Math.floor(random() * 1e6));
        const together = await tower.run(profiles, nowS);
        for (const [b, profile] of profiles.entries()) {
          const alone = await tower.run([profile], [nowS[b]!]);
          expect(bits(together.subarray(b * TINY.dim, (b + 1) * TINY.dim))).toBe(bits(alone));
        }
      }),
      { numRuns: 150 },
    );
  });

  it('returns unit vectors and looks at the most recent 50 events only', async () => {
    const profile = randomProfile(ITEMS, 80, seededRandom(3));
    const recent = {
      length: 50,
      rows: profile.rows.slice(30),
      types: profile.types.slice(30),
      timesS: profile.timesS.slice(30),
    };
    const [all, last] = [await tower.run([profile], [1_700_010_000]), await tower.run([recent], [1_700_010_000])];
    expect(bits(all)).toBe(bits(last));
    expect(Math.hypot(...all)).toBeCloseTo(1, 5);
  });

  it('lays a profile out most recent first, without events that say nothing of interest', () => {
    const { view, hide, impression, purchase } = EVENT_CODE;
    const profile = {
      length: 4,
      rows: Int32Array.of(11, 12, 13, 14, 99),
      types: Uint8Array.of(view, hide, purchase, impression, view),
      timesS: Float64Array.of(100, 200, 300, 400, 500),
    };
    const input = towerInput([profile], [1000]);
    expect([...input.rows.subarray(0, 3)]).toEqual([13, 11, 0]);
    expect([...input.eventTypes.subarray(0, 3)]).toEqual([purchase, view, 0]);
    expect([...input.agesS.subarray(0, 3)]).toEqual([700, 900, 0]);
  });

  it('answers an empty batch without a run', async () => {
    expect(await tower.run([], [])).toHaveLength(0);
  });
});
