import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { ExperimentSpecSchema } from '@shortlist/core/contracts/experiment.ts';
import { analyseExperiment, createAnalysis } from '@shortlist/experiments/analysis/create-analysis.ts';
import type { AnalysisSubject } from '@shortlist/experiments/decisions/evidence.ts';
import { loadBuiltInMetrics } from '@shortlist/experiments/documents/metric-catalogue.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { START_S, store, type Event, type Slate } from './seeded-experiment.ts';

let workspace: TemporaryWorkspace;
let database: Database;
let opened = 0;
beforeAll(() => {
  workspace = temporaryWorkspace();
});
afterAll(() => workspace.remove());
beforeEach(async () => {
  database = await openDatabase(workspace.environment, `kinds-${opened++}`);
});
afterEach(() => database.close());

function subject(spec: object, unit: 'user' | 'session' = 'user'): AnalysisSubject {
  return {
    ...{ experiment: 'ranker', unit, metrics: new Map(loadBuiltInMetrics()) },
    versions: [{ version: 1, startedAtS: START_S }],
    spec: Value.Default(ExperimentSpecSchema, {
      layer: 'default',
      variants: [
        { name: 'control', weight: 0.5 },
        { name: 'treatment', weight: 0.5 },
      ],
      metrics: { success: ['click-through-rate'], guardrails: [{ metric: 'stock-leaks' }] },
      ...spec,
    }) as AnalysisSubject['spec'],
  };
}

const slate = (n: number, of: Partial<Slate> = {}): Slate => ({
  ...{ request: `r${n}`, experiment: 'ranker', version: 1, phase: 0, user: `u${n}`, atS: START_S + n },
  ...{ assigned: n % 2 === 0 ? 'control' : 'treatment', served: n % 2 === 0 ? 'control' : 'treatment' },
  ...{ items: ['a', 'b'], latencyMs: 10, failed: false, degraded: false, differs: null, sampled: 1, ...of },
});
const click = (n: number, item: string, of: Partial<Event> = {}): Event => ({
  ...{ id: `${n} ${item}`, user: `u${n}`, session: null, type: EVENT_CODE.click, atS: START_S + n + 5, item },
  ...{ value: null, quantity: null, request: `r${n}`, ...of },
});
const exposureOf = (one: Slate, unit = `u:${one.user}`) => ({ ...one, unit, reason: null });
const rowsOf = (slates: readonly Slate[], events: readonly Event[]) =>
  store(database.pool, { exposures: slates.map((one) => exposureOf(one)), slates, events }, { writer: 1, batch: 1 });
const NOW_S = START_S + 86_400;
const numbers = Array.from({ length: 40 }, (_, n) => n);

describe('kinds of analysis (real PostgreSQL)', () => {
  it('interleaving credits the ranker that chose the clicked item, by unit', async () => {
    // All see what both have chosen; a is the treatment's, b is control's.
    const slates = numbers.map((n) => slate(n, { assigned: 'treatment', served: 'treatment' }));
    const events = numbers.flatMap((n) => {
      if (n < 25) return [click(n, 'a')];
      return n < 30 ? [click(n, 'b')] : n < 34 ? [click(n, 'a'), click(n, 'b')] : [];
    });
    await rowsOf(slates, events);
    await database.pool.query("UPDATE impressions SET teams = '{1,0}'");
    const { evidence } = await createAnalysis(database.pool)(subject({ type: 'interleaving' }), NOW_S);
    const { interleaving, sampleRatio } = evidence;
    expect(interleaving).toMatchObject({ control: 'control', treatment: 'treatment' });
    expect(interleaving).toMatchObject({ controlWins: 5, treatmentWins: 25, ties: 10 });
    // Two-sided binomial, 5 of 30: C(30, 0) + ... + C(30, 5) = 174,437.
    expect(interleaving!.pValue).toBeCloseTo((2 * 174_437) / 2 ** 30, 12);
    expect(sampleRatio).toEqual({ chiSquaredP: null, sequentialP: null });
  });

  it('a layer of sessions counts what the session did, also after it became a user', async () => {
    const slates = numbers.map((n) => slate(n));
    await store(
      database.pool,
      { exposures: [], slates: [], events: numbers.map((n) => click(n, 'a', { session: `s${n}` })) },
      {
        ...{ writer: 1, batch: 1 },
      },
    );
    await store(
      database.pool,
      { exposures: slates.map((one, n) => exposureOf(one, `s:s${n}`)), slates, events: [] },
      { writer: 1, batch: 2 },
    );
    await database.pool.query("UPDATE slate_experiments SET unit = 's:s' || substring(request_id FROM 2)");
    await database.pool.query(
      "INSERT INTO unit_days SELECT 's:' || session_id, (occurred_at AT TIME ZONE 'UTC')::date FROM events ON CONFLICT DO NOTHING",
    );
    const results = await analyseExperiment(database.pool, subject({}, 'session'), NOW_S);
    expect(results.arms.map(({ units }) => units)).toEqual([20, 20]);
    expect(results.metrics[0]!.arms.map(({ mean }) => mean)).toEqual([0.5, 0.5]);
    await database.pool.query('UPDATE slate_experiments SET batch = 3');
    const again = await analyseExperiment(database.pool, subject({}, 'session'), NOW_S, { touchedShareMax: Infinity });
    expect(again.refresh).toEqual({ mode: 'incremental', touched: 40 });
    expect(again.metrics[0]!.arms).toEqual(results.metrics[0]!.arms);
  });

  it('triggered: only units some of whose slates would have been others', async () => {
    const slates = numbers.map((n) => slate(n, { differs: n < 12 ? true : n < 20 ? null : false }));
    await rowsOf(slates, [click(0, 'a'), click(30, 'a')]);
    const results = await analyseExperiment(database.pool, subject({ analysis: { triggered: true } }), NOW_S);
    expect(results.arms.map(({ units }) => units)).toEqual([20, 20]);
    expect(results.metrics[0]!.arms).toMatchObject([
      { units: 6, mean: 1 / 12 },
      { units: 6, mean: 0 },
    ]);
  });

  it('stock leaks: items that had been gone for more than a second, and not those that went later', async () => {
    const slates = numbers.map((n) => slate(n, { items: n % 2 === 0 ? ['a', 'b'] : ['a', 'gone', 'late'] }));
    await rowsOf(slates, []);
    const item = `INSERT INTO items (item_id, title, category, brand, price, offered, created_at, updated_at)
      VALUES ($1, '', '', '', 1, $2, now(), to_timestamp($3))`;
    await database.pool.query(item, ['a', true, START_S - 60]);
    await database.pool.query(item, ['gone', false, START_S - 60]);
    await database.pool.query(item, ['late', false, START_S + 3_600]);
    const { metrics } = await analyseExperiment(database.pool, subject({}), NOW_S);
    expect(metrics[1]!.arms.map(({ mean }) => mean)).toEqual([0, 1 / 3]);
  });

  it('shows the p99 and how many items an arm has shown', async () => {
    const slates = Array.from({ length: 400 }, (_, n) =>
      slate(n, { latencyMs: n % 2 === 0 ? 20 : n, items: [`i${n % 8}`] }),
    );
    await rowsOf(slates, []);
    const { arms } = await analyseExperiment(database.pool, subject({}), NOW_S);
    expect(arms.map(({ itemsCovered, slates: count }) => [itemsCovered, count])).toEqual([
      [4, 200],
      [4, 200],
    ]);
    expect(arms[0]!.latencyP99Ms! / 20).toBeCloseTo(1, 1);
    // The 198th of 1, 3, ..., 399, within a bucket of 2 %.
    expect(Math.abs(arms[1]!.latencyP99Ms! / 395 - 1)).toBeLessThan(0.02);
  });
});
