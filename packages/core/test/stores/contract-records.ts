import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { Exposure } from '@shortlist/core/stores/exposure-store.ts';
import type { RecordedSlate, SlateExperiment } from '@shortlist/core/stores/impression-store.ts';
import { slatesPayload } from '@shortlist/core/stores/log-payloads.ts';
import type { TransactionalStores } from '@shortlist/core/stores/stores.ts';
import { collect, exposure, HOSTILE, impression, recorded } from './rows.ts';

const DAY = 19_700;
const at = (day: number, secondS: number) => (DAY + day) * 86_400 + secondS;

const seenBy = (experiment: string, changes: Partial<SlateExperiment> = {}): SlateExperiment => ({
  ...{ experiment, version: 2, unit: 's:s1', assigned: 'treatment', served: 'control', phase: 1, differs: null },
  ...changes,
});

/** As the ingest service does: in one transaction, told to the log. */
const keep = (lane: LogLane, slates: readonly RecordedSlate[], exposures: readonly Exposure[]) =>
  lane.write(async (inside, tell, place) => {
    const isFresh = await inside.impressions.record(slates, place);
    const isKept = await inside.exposures.record(exposures, place);
    tell({ kind: LOG_KIND.slates, payload: slatesPayload(slates.filter((_, i) => isFresh[i] === 1)) });
    return { slates: [...isFresh], exposures: [...isKept], place };
  });

export function testRecords(stores: () => TransactionalStores): void {
  test('a recorded slate is stored once, shown to training, and told to the log', async () => {
    const { impressions, log, tail } = stores();
    const start = await tail.offsetsNow();
    const lane = await log.openLane();
    const hostile = recorded('b', {
      itemIds: HOSTILE,
      sources: HOSTILE,
      propensities: new Float32Array(HOSTILE.length).fill(0.5),
      teams: HOSTILE.map((_, i) => i % 2),
      degraded: ['profile', 'a,"b"'],
      category: 'books',
      occurredAtS: 1_700_000_001.5,
    });
    await impressions.append([impression('imported')]);
    const first = await keep(lane, [recorded('a'), hostile, recorded('a')], []);
    expect(first.slates).toEqual([1, 1, 0]);
    const again = await keep(lane, [hostile, recorded('imported')], []);
    expect(again.slates).toEqual([0, 0]);
    await lane.close();
    const shown = (await collect(impressions.stream())).flat();
    expect(shown.map(({ requestId }) => requestId)).toEqual(['a', 'imported', 'b']);
    expect(shown[2]).toEqual(
      impression('b', {
        ...{ itemIds: HOSTILE, propensities: hostile.propensities, category: 'books', occurredAtS: 1_700_000_001.5 },
      }),
    );
    const told = await tail.read(start, 1_000);
    expect(told).toMatchObject([
      {
        ...first.place,
        kind: LOG_KIND.slates,
        count: 2 + HOSTILE.length,
        payload: { itemIds: [['i1', 'i2'], HOSTILE] },
      },
      { ...again.place, kind: LOG_KIND.slates, count: 0, payload: { itemIds: [], timesS: [] } },
    ]);
  });

  test('an answer that was an error is kept for its experiments, and shows nothing', async () => {
    const { impressions, log } = stores();
    const lane = await log.openLane();
    const failed = recorded('failed', {
      ...{ error: 'overloaded', itemIds: [], propensities: new Float32Array(0), sources: [], degraded: ['rank'] },
      experiments: [seenBy('a', { differs: false }), seenBy('b', { unit: 'u:u1', differs: true })],
    });
    const { place } = await keep(lane, [failed], []);
    expect((await keep(lane, [failed], [])).slates).toEqual([0]);
    await lane.close();
    expect(await impressions.count()).toBe(0);
    expect(await collect(impressions.stream())).toEqual([]);
    const rows = (await collect(impressions.experimentsAfter({}))).flat();
    expect(rows.sort((x, y) => x.experiment.localeCompare(y.experiment))).toEqual(
      failed.experiments.map((seen) => ({
        ...{ ...place, ...seen, requestId: 'failed', occurredAtS: 1_700_000_000, items: 0, tier: 'session' },
        ...{ degraded: true, failed: true, latencyMs: 4.5, sampled: 1 },
      })),
    );
    expect(await collect(impressions.experimentsAfter({ [place.writer]: place.batch }))).toEqual([]);
  });

  test('of one unit, experiment, version and served variant the earliest exposure is kept', async () => {
    const { exposures, log } = stores();
    const lane = await log.openLane();
    const late = exposure('u:1', { exposedAtS: 300, requestId: 'late' });
    const other = exposure('u:1', { served: 'control', reason: 'release_not_loaded' });
    const first = await keep(lane, [], [late, { ...late, exposedAtS: 200, requestId: 'earlier' }, other, late]);
    expect(first.exposures).toEqual([0, 1, 1, 0]);
    const { writer, batch } = first.place;
    const early = exposure('u:1', { exposedAtS: 100.25, requestId: 'earliest', phase: 3, assigned: 'x' });
    const second = await keep(lane, [], [late, exposure('u:1', { version: 2 }), early]);
    expect(second.exposures).toEqual([0, 1, 1]);
    expect((await keep(lane, [], [late, early, other])).exposures).toEqual([0, 0, 0]);
    await lane.close();
    expect(await exposures.count()).toBe(3);
    expect((await collect(exposures.after({}))).flat()).toHaveLength(3);
    const since = (await collect(exposures.after({ [writer]: batch }))).flat();
    expect(since.sort((a, b) => a.version - b.version)).toEqual([
      { ...early, ...second.place },
      { ...exposure('u:1', { version: 2 }), ...second.place },
    ]);
  });

  test('a reader that goes on from its offsets misses no exposure, whatever lanes commit side by side', async () => {
    const all = stores();
    const property = fc.asyncProperty(
      fc.array(fc.record({ lane: fc.nat(2), units: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }) }), {
        minLength: 1,
        maxLength: 30,
      }),
      async (writes) => {
        await all.clear();
        const lanes = await Promise.all([0, 1, 2].map(() => all.log.openLane()));
        const offsets: Record<string, number> = {};
        const read = new Map<string, Exposure>();
        const poll = async () => {
          for await (const rows of all.exposures.after(offsets))
            for (const { writer, batch, ...row } of rows) {
              offsets[writer] = Math.max(offsets[writer] ?? 0, batch);
              read.set(row.unit, row);
            }
        };
        let done = false;
        const working = Promise.all(
          writes.map(({ lane, units }, n) =>
            keep(
              lanes[lane]!,
              [],
              // Later writes bring earlier times, too.
              units.map((unit) => exposure(`u:${unit}`, { exposedAtS: 1_000 - ((n * 7 + unit) % 13) })),
            ),
          ),
        ).finally(() => (done = true));
        while (!done) {
          await poll();
          await new Promise(setImmediate);
        }
        await working;
        await poll();
        await Promise.all(lanes.map((lane) => lane.close()));
        const earliest = new Map<string, number>();
        writes.forEach(({ units }, n) => {
          for (const unit of units) {
            const time = 1_000 - ((n * 7 + unit) % 13);
            earliest.set(`u:${unit}`, Math.min(earliest.get(`u:${unit}`) ?? Infinity, time));
          }
        });
        expect(new Map([...read].map(([unit, { exposedAtS }]) => [unit, exposedAtS]))).toEqual(earliest);
      },
    );
    await fc.assert(property, { numRuns: 15, seed: 5 });
  });

  test('what is told is there with what was stored, or neither is', async () => {
    const all = stores();
    const lane = await all.log.openLane();
    const start = await all.tail.offsetsNow();
    const failure = lane.write(async (inside, tell, place) => {
      await inside.impressions.record([recorded('a', { experiments: [seenBy('x')] })], place);
      await inside.exposures.record([exposure('u:1')], place);
      tell({ kind: LOG_KIND.slates, payload: slatesPayload([]) });
      throw new Error('stop');
    });
    await expect(failure).rejects.toThrow('stop');
    expect([await all.impressions.count(), await all.exposures.count()]).toEqual([0, 0]);
    expect(await collect(all.impressions.experimentsAfter({}))).toEqual([]);
    expect(await all.tail.read(start, 10)).toEqual([]);
    await lane.close();
  });

  test('erasure removes slates, what experiments see of them, and exposures of the user and their sessions', async () => {
    const { users, impressions, exposures, log } = stores();
    const lane = await log.openLane();
    const own = recorded('r1', { userId: 'u1', sessionId: 's1', experiments: [seenBy('x', { unit: 'u:u1' })] });
    const failed = recorded('r2', {
      ...{ sessionId: 's1', error: 'internal', itemIds: [], propensities: new Float32Array(0), sources: [] },
      experiments: [seenBy('x')],
    });
    // A visit of theirs of which no event is known.
    const visit = recorded('r4', { userId: 'u1', sessionId: 's4' });
    const others = recorded('r3', { userId: 'u2', sessionId: 's1', experiments: [seenBy('x', { unit: 'u:u2' })] });
    const units = ['u:u1', 's:s1', 's:s4', 'u:u2', 's:u1'];
    await keep(
      lane,
      [own, failed, visit, others],
      units.map((unit) => exposure(unit)),
    );
    await lane.close();
    await users.merge('s1', 'u1');
    const { receipt, retractions } = await users.erase('u1');
    expect(receipt.counts).toMatchObject({ impressions: 3, slate_experiments: 2, exposures: 3 });
    expect(retractions.flatMap(({ itemIds }) => itemIds)).toEqual(['i1', 'i2', 'i1', 'i2']);
    expect(
      (await collect(exposures.after({})))
        .flat()
        .map(({ unit }) => unit)
        .sort(),
    ).toEqual(['s:u1', 'u:u2']);
    const left = (await collect(impressions.experimentsAfter({}))).flat();
    expect(left.map(({ requestId }) => requestId)).toEqual(['r3']);
  });

  test('retention takes what experiments see of a day along, and exposures of before', async () => {
    const { impressions, exposures, retention, log } = stores();
    const lane = await log.openLane();
    const failed = { error: 'internal', itemIds: [], propensities: new Float32Array(0), sources: [] };
    await keep(
      lane,
      [
        recorded('old', { occurredAtS: at(0, 86_399), experiments: [seenBy('x')] }),
        recorded('failed', { ...failed, occurredAtS: at(0, 5), experiments: [seenBy('x')] }),
        recorded('new', { occurredAtS: at(1, 0), experiments: [seenBy('x')] }),
      ],
      [exposure('u:1', { exposedAtS: at(0, 86_399) }), exposure('u:2', { exposedAtS: at(1, 0) })],
    );
    await lane.close();
    expect(await retention.daysBefore(DAY + 1)).toEqual([DAY]);
    const dropped = await retention.dropDay(DAY);
    expect(dropped.impressions).toBe(2);
    expect(dropped.retractions.flatMap(({ itemIds }) => itemIds)).toEqual(['i1', 'i2']);
    expect(await retention.forgetBefore(DAY + 1)).toMatchObject({ exposures: 1 });
    const left = (await collect(impressions.experimentsAfter({}))).flat();
    expect(left.map(({ requestId }) => requestId)).toEqual(['new']);
    expect((await collect(exposures.after({}))).flat().map(({ unit }) => unit)).toEqual(['u:2']);
    expect(await impressions.count()).toBe(1);
  });
}
