import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { ExperimentSpecSchema } from '@shortlist/core/contracts/experiment.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { transactionSession } from '@shortlist/core/stores/postgres/session.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { PostgresUserStore } from '@shortlist/core/stores/postgres/user-store.ts';
import { analyseExperiment, createAnalysis } from '@shortlist/experiments/analysis/create-analysis.ts';
import type { AnalysisSubject } from '@shortlist/experiments/decisions/evidence.ts';
import { loadBuiltInMetrics } from '@shortlist/experiments/documents/metric-catalogue.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { tracesInTables } from '../faults/find-traces.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { recompute, recomputeLift, type RecomputedUnit } from './recompute.ts';
import { DAYS, seedExperiment, START_S, store, VARIANTS, type SeededExperiment } from './seeded-experiment.ts';

const NOW_S = START_S + (DAYS + 5) * 86_400;
const built = loadBuiltInMetrics();
const SUCCESS = ['click-through-rate', 'conversion-per-user', 'revenue-per-user', 'attributed-revenue-per-user'];
const GUARDRAILS = ['latency-p99', 'error-rate', 'fallback-rate', 'items-per-slate'];

function subject(plan: object = {}): AnalysisSubject {
  const spec = Value.Default(ExperimentSpecSchema, {
    layer: 'default',
    variants: VARIANTS.map((name, i) => ({ name, weight: [0.5, 0.3, 0.2][i] })),
    metrics: { success: SUCCESS, guardrails: GUARDRAILS.map((metric) => ({ metric })) },
    analysis: plan,
  }) as AnalysisSubject['spec'];
  return {
    ...{ experiment: 'ranker', spec, unit: 'user', metrics: new Map(built) },
    versions: [
      { version: 1, startedAtS: START_S },
      { version: 2, startedAtS: START_S + 4 * 86_400 },
    ],
  };
}

let workspace: TemporaryWorkspace;
let database: Database;
let opened = 0;
beforeAll(() => {
  workspace = temporaryWorkspace();
});
afterAll(() => workspace.remove());
beforeEach(async () => {
  database = await openDatabase(workspace.environment, `analysis-${opened++}`);
});
afterEach(() => database.close());

/** Column of the unit table by name in the recomputation. */
const COLUMNS: Partial<Record<keyof RecomputedUnit, string>> = {
  ...{ arm: 'arm', version: 'version', rampStep: 'ramp_step', fallback: 'fallback', differs: 'differs', unit: 'unit' },
  ...{ slates: 'slates', items: 'items', clicks: 'click_count_attributed', slow: 'slower_than_100_ms' },
  ...{ errors: 'errors', fallbacks: 'fallbacks', purchases: 'purchase_count_since', revenue: 'purchase_value_since' },
  ...{ purchasesBefore: 'purchase_count_before', revenueBefore: 'purchase_value_before' },
  attributedRevenue: 'purchase_value_attributed',
};

async function unitTable(): Promise<Record<string, unknown>[]> {
  const { rows } = await database.pool.query<{ table: string }>(
    "SELECT 'analysis_units_' || id AS table FROM analyses WHERE experiment = 'ranker' AND phase = 1",
  );
  return (await database.pool.query(`SELECT * FROM ${rows[0]!.table} ORDER BY unit`)).rows as Record<string, unknown>[];
}

/** How many units of which kind, and when they came. */
const tallies = async () => {
  const { rows } = await database.pool.query<{ id: number }>('SELECT id FROM analyses');
  const { pool } = database;
  return {
    kinds: (await pool.query(`SELECT * FROM analysis_tallies_${rows[0]!.id} ORDER BY 1, 2, 3, 4, 5, 6, 7`))
      .rows as unknown[],
    arrivals: (
      await pool.query('SELECT arm, fallback, from_s, units FROM analysis_arrivals ORDER BY arm, fallback, from_s')
    ).rows as unknown[],
  };
};

const slateCounts = async () => ({
  latencies: (await database.pool.query('SELECT * FROM analysis_latencies ORDER BY 1, 2, 3')).rows as unknown[],
  items: (await database.pool.query('SELECT * FROM analysis_items ORDER BY 1, 2, 3')).rows as unknown[],
});

/** Rows in `waves` parts by chance: late and early ones in any order. */
function inWaves({ exposures, slates, events }: SeededExperiment, waves: number): SeededExperiment[] {
  const random = seededRandom(waves);
  const parted = <T>(rows: readonly T[]): T[][] => {
    const parts = Array.from({ length: waves }, (): T[] => []);
    for (const row of rows) parts[Math.floor(random() * waves)]!.push(row);
    return parts;
  };
  const parts = { exposures: parted(exposures), slates: parted(slates), events: parted(events) };
  return parts.events.map((part, i) => ({ exposures: parts.exposures[i]!, slates: parts.slates[i]!, events: part }));
}

/** Units that met only the other experiment. */
const onlyOther = ({ exposures }: SeededExperiment): number => {
  const ours = new Set(exposures.filter(({ experiment }) => experiment === 'ranker').map(({ unit }) => unit));
  return new Set(exposures.map(({ unit }) => unit)).size - ours.size;
};

/** Connections that wait for an advisory lock. */
const waiting = async (): Promise<number> =>
  (await database.pool.query("SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")).rowCount ?? 0;

describe('analysis of an experiment (real PostgreSQL)', () => {
  it('agrees to the event, unit by unit, with a recomputation from the raw rows', async () => {
    const rows = seedExperiment(3_000, 7);
    await store(database.pool, rows, { writer: 1, batch: 1 });
    const results = await analyseExperiment(database.pool, subject({ winsorise: 1, preperiodDays: 14 }), NOW_S);
    const units = recompute(rows, { attributionHours: 24, preperiodDays: 14 });
    const table = await unitTable();
    expect(table).toHaveLength(units.size);
    for (const row of table) {
      const unit = units.get(row.unit as string)!;
      for (const [key, column] of Object.entries(COLUMNS)) {
        const wanted = unit[key as keyof RecomputedUnit];
        if (typeof wanted === 'number') expect(row[column], `${unit.unit} ${key}`).toBeCloseTo(wanted, 4);
        else expect(row[column], `${unit.unit} ${key}`).toBe(wanted);
      }
    }
    const all = [...units.values()];
    expect(results.arms.map((arm) => arm.units)).toEqual(
      [1, 2, 3].map((arm) => all.filter((one) => one.arm === arm).length),
    );
    expect(results.arms.map((arm) => Object.values(arm.fallbacks).reduce((sum, count) => sum + count, 0))).toEqual(
      [1, 2, 3].map((arm) => all.filter((one) => one.arm === arm && one.fallback !== null).length),
    );
    expect(results.arms[1]!.fallbacks).toHaveProperty('release_not_loaded');
    expect(results.strata.map((one) => `${one.version}.${one.rampStep}`)).toEqual(['1.0', '2.0', '2.1']);
  });

  it('gives means, lifts and errors that other code gives: ratios by the delta method, within ramp steps', async () => {
    const rows = seedExperiment(2_000, 8);
    await store(database.pool, rows, { writer: 1, batch: 1 });
    const results = await analyseExperiment(database.pool, subject({ winsorise: 1, preperiodDays: 0 }), NOW_S);
    const units = [...recompute(rows, { attributionHours: 24, preperiodDays: 0 }).values()];
    const expected: Record<
      string,
      Parameters<typeof recomputeLift> extends [unknown, unknown, ...infer Rest] ? Rest : never
    > = {
      'click-through-rate': [(unit) => unit.clicks, (unit) => unit.items],
      'conversion-per-user': [(unit) => (unit.purchases > 0 ? 1 : 0)],
      'revenue-per-user': [(unit) => unit.revenue],
      'attributed-revenue-per-user': [(unit) => unit.attributedRevenue],
      'latency-p99': [(unit) => unit.slow, (unit) => unit.slates],
      'error-rate': [(unit) => unit.errors, (unit) => unit.slates],
      'fallback-rate': [(unit) => unit.fallbacks, (unit) => unit.slates],
      'items-per-slate': [(unit) => unit.items, (unit) => unit.slates],
    };
    for (const metric of results.metrics)
      for (const [i, comparison] of metric.comparisons.entries()) {
        const wanted = recomputeLift(units, i + 2, ...expected[metric.metric]!);
        const { relative } = comparison;
        expect(metric.arms[0]!.mean, metric.metric).toBeCloseTo(wanted.means[0], 6);
        expect(metric.arms[i + 1]!.mean, metric.metric).toBeCloseTo(wanted.means[1], 6);
        if (relative.status !== 'ok') throw new Error(`${metric.metric}: ${relative.reason}`);
        expect(relative.value, metric.metric).toBeCloseTo(wanted.lift, 6);
        expect(relative.standardError, metric.metric).toBeCloseTo(wanted.standardError, 6);
      }
  });

  it(
    'computed piece by piece, whatever comes late, equals computed at once, to the bit',
    { timeout: 180_000 },
    async () => {
      const rows = seedExperiment(800, 9);
      const plan = subject({ winsorise: 0.99 });
      let [writer, batch] = [1, 0];
      const modes: string[] = [];
      // Else all that came in the last seconds would be looked at again, and nothing be missed by chance.
      const passTime = () => database.pool.query("UPDATE events SET received_at = received_at - interval '1 hour'");
      const analyse = () => analyseExperiment(database.pool, plan, NOW_S, { touchedShareMax: Infinity });
      for (const wave of inWaves(rows, 4)) {
        writer = 3 - writer;
        batch += 1;
        await passTime();
        await store(database.pool, wave, { writer, batch });
        modes.push((await analyse()).refresh.mode);
      }
      expect(modes).toEqual(['full', ...new Array<string>(3).fill('incremental')]);
      await passTime();
      // A session turns out to be theirs; a purchase of a known unit comes late; a new slate; a unit that met the experiment earlier.
      const slate = rows.slates.find((one) => one.experiment === 'ranker')!;
      const late = { ...slate, request: 'late', atS: slate.atS + 3_600 };
      const purchase = {
        ...rows.events.find(({ value }) => value !== null)!,
        id: 'late',
        user: slate.user,
        atS: slate.atS + 60,
      };
      const fresh = { ...rows.exposures[0]!, experiment: 'ranker', unit: 'u:fresh', request: 'fresh' };
      await store(
        database.pool,
        { exposures: [fresh], slates: [late], events: [purchase] },
        { writer: 1, batch: batch + 1 },
      );
      await database.pool.query(
        "INSERT INTO events (occurred_at, event_key, type, event_id, session_id, item_id, value) VALUES (to_timestamp($1), md5('m')::uuid, 7, 'm', 'anonymous', 'i1', 5)",
        [slate.atS + 120],
      );
      await database.pool.query(
        "INSERT INTO unit_days SELECT 's:anonymous', (to_timestamp($1) AT TIME ZONE 'UTC')::date",
        [slate.atS + 120],
      );
      const piecewise = await analyse();
      await postgresStores(database.pool).users.merge('anonymous', slate.user);
      const merged = await analyse();
      const again = await analyse();
      expect([piecewise.refresh, merged.refresh]).toEqual([
        { mode: 'incremental', touched: 2 },
        { mode: 'incremental', touched: 1 },
      ]);
      const table = await unitTable();
      const counts = await slateCounts();
      const tallied = await tallies();
      expect(table.some((row) => row.unit === 'u:fresh')).toBe(true);
      const whole = await analyseExperiment(database.pool, plan, NOW_S, { isAnew: true });
      expect(whole.refresh.mode).toBe('full');
      expect(await unitTable()).toEqual(table);
      expect(await slateCounts()).toEqual(counts);
      expect(await tallies()).toEqual(tallied);
      // Every number, to the last bit.
      expect({ ...again, refresh: null }).toEqual({ ...whole, refresh: null });
      expect(again.metrics[0]!.comparisons[0]!.relative.status).toBe('ok');
    },
  );

  it('units that an erasure or retention took away leave the numbers, too', async () => {
    const { pool } = database;
    await store(pool, seedExperiment(500, 13), { writer: 1, batch: 1 });
    await analyseExperiment(pool, subject(), NOW_S);
    await pool.query("UPDATE events SET received_at = received_at - interval '1 hour'");
    const before = await analyseExperiment(pool, subject(), NOW_S);
    const countOf = ({ arms }: typeof before) => arms.reduce((sum, { units }) => sum + units, 0);
    const [erased] = await unitTable();
    await postgresStores(pool).users.erase((erased!.unit as string).slice(2));
    // As retention does, and nothing of those units stays.
    const limit = [new Date((START_S + 2 * 86_400) * 1000)];
    await pool.query(
      'DELETE FROM exposures WHERE unit IN (SELECT unit FROM analysis_units WHERE first_at < $1)',
      limit,
    );
    const { rowCount } = await pool.query('DELETE FROM analysis_units WHERE first_at < $1', limit);
    expect(rowCount).toBeGreaterThan(50);
    const after = await analyseExperiment(pool, subject(), NOW_S);
    expect(after.refresh).toEqual({ mode: 'incremental', touched: 0 });
    expect(countOf(after) + after.leftOut.conflictingUnits).toBe(
      countOf(before) + before.leftOut.conflictingUnits - 1 - rowCount!,
    );
    const tallied = await tallies();
    const whole = await analyseExperiment(pool, subject(), NOW_S, { isAnew: true });
    expect(await tallies()).toEqual(tallied);
    expect({ ...after, arms: null, refresh: null }).toEqual({ ...whole, arms: null, refresh: null });
    expect((await pool.query('SELECT FROM analysis_gone')).rowCount).toBe(0);
  });

  it('an erasure leaves no trace of the unit, also one that comes while the rows are added up', async () => {
    const rows = seedExperiment(400, 10);
    await store(database.pool, rows, { writer: 1, batch: 1 });
    await analyseExperiment(database.pool, subject(), NOW_S);
    const { users } = postgresStores(database.pool);
    const trace = { user: 'u:üser-17,' };
    expect(onlyOther({ ...rows, exposures: rows.exposures.filter(({ unit }) => /-1[78]$/.test(unit)) })).toBe(0);
    const inAnalysis = async (of: Readonly<Record<string, string>>) =>
      (await tracesInTables(database.pool, of)).filter((where) => where.includes('analys'));
    expect(await inAnalysis(trace)).not.toEqual([]);
    expect((await users.erase('üser-17')).receipt.counts.analysis_units).toBe(1);
    expect(await inAnalysis(trace)).toEqual([]);
    expect((await database.pool.query('SELECT FROM analysis_gone')).rowCount).toBe(1);

    // One that the analysis cannot see yet, and that holds it up at its last step.
    const eraser = await database.pool.connect();
    await eraser.query('BEGIN');
    await new PostgresUserStore(transactionSession(eraser)).erase('üser-18');
    const analysing = analyseExperiment(database.pool, subject(), NOW_S, { isAnew: true });
    await expect.poll(waiting, { timeout: 30_000 }).toBe(1);
    await eraser.query('COMMIT');
    eraser.release();
    await analysing;
    expect(await inAnalysis({ user: 'u:üser-18,' })).toEqual([]);
    expect(await unitTable()).toHaveLength(new Set(rows.exposures.map(({ unit }) => unit)).size - 2 - onlyOther(rows));
    await analyseExperiment(database.pool, subject(), NOW_S, { isAnew: true });
    expect(await inAnalysis({ user: 'u:üser-17,', other: 'u:üser-18,' })).toEqual([]);
  });

  it('an analysis that is broken off leaves the numbers of before, and the next one goes on', async () => {
    const rows = seedExperiment(600, 11);
    const [first, second] = inWaves(rows, 2) as [SeededExperiment, SeededExperiment];
    await store(database.pool, first, { writer: 1, batch: 1 });
    await analyseExperiment(database.pool, subject(), NOW_S);
    const before = await unitTable();
    await store(database.pool, second, { writer: 1, batch: 2 });
    // The last statement fails: everything of the transaction is gone, offsets too.
    await database.pool.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'refused'; END $$`);
    await database.pool.query(
      'CREATE TRIGGER refuse BEFORE INSERT ON analysis_items FOR EACH STATEMENT EXECUTE FUNCTION refuse()',
    );
    await expect(analyseExperiment(database.pool, subject(), NOW_S)).rejects.toThrow('refused');
    expect(await unitTable()).toEqual(before);
    await database.pool.query('DROP TRIGGER refuse ON analysis_items');
    await analyseExperiment(database.pool, subject(), NOW_S);
    const units = recompute(rows, { attributionHours: 24, preperiodDays: 14 });
    expect(await unitTable()).toHaveLength(units.size);
  });

  it('evidence says what is missing as null: no data, a metric nobody has, an unknown one', async () => {
    await store(database.pool, { exposures: [], slates: [], events: [] }, { writer: 1, batch: 1 });
    const { evidence: none } = await createAnalysis(database.pool)(subject(), NOW_S);
    expect(none).toMatchObject({ dataUntilS: null, sampleRatio: { chiSquaredP: null, sequentialP: 1 } });
    expect(none.metrics).toHaveLength(SUCCESS.length + GUARDRAILS.length);
    for (const { control, comparisons, requiredUnits } of none.metrics) {
      expect([control.mean, requiredUnits]).toEqual([null, null]);
      for (const { lift, fixed, always, pValue } of comparisons)
        expect([lift, fixed, always, pValue]).toEqual([null, null, null, null]);
    }
    const rows = seedExperiment(500, 12);
    await store(database.pool, { ...rows, events: [] }, { writer: 1, batch: 2 });
    const { evidence: noOutcomes } = await createAnalysis(database.pool)(
      { ...subject(), metrics: new Map([...built].slice(0, 3)) },
      NOW_S,
    );
    expect(noOutcomes.metrics.map(({ metric }) => metric)).toEqual(SUCCESS.slice(0, 3));
    expect(noOutcomes.metrics[2]!.comparisons[0]).toMatchObject({ lift: null, pValue: null, mean: 0 });
    expect(noOutcomes.notes.join()).toContain('not defined: attributed-revenue-per-user');
    expect(JSON.stringify(noOutcomes)).not.toMatch(/NaN|Infinity/);
  });
});
