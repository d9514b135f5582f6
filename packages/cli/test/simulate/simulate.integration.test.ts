import { afterAll, beforeAll, expect, it } from 'vitest';
import { differencesOf, recount } from '../../src/demo-experiment/recount.ts';
import { presetDocument, type Preset } from '../../src/simulate/presets.ts';
import { simulate, type Simulation } from '../../src/simulate/simulate.ts';
import { withDatabase } from '../../src/workspace/database.ts';
import type { TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { SHOP, simulatedShop } from './simulated-shop.ts';

let workspace: TemporaryWorkspace;
beforeAll(async () => {
  workspace = await simulatedShop();
});
afterAll(() => workspace.remove());

const run = (preset: Preset, days: number, visits: number): Promise<Simulation> =>
  simulate(workspace.environment, {
    ...{ dataset: SHOP, days, visits, users: 1_000, seed: 1 },
    documents: [presetDocument(preset, { treatment: 0.5, looks: 1, unitsMin: 200 })],
  });

/** By a statement that shares nothing with the analysis. */
const countedAgain = ({ results }: Simulation) =>
  withDatabase(workspace.environment, `${SHOP}-simulation`, ({ pool }) => recount(pool, results.experiment, 24));

it('harm is found and rolled back, by numbers that are right to the event', { timeout: 180_000 }, async () => {
  const simulation = await run('harm', 4, 2_600);
  const { decisions, results, days, visits } = simulation;
  expect(decisions).toEqual([
    { day: days, action: 'roll_back', reason: expect.stringContaining('click-through-rate of treatment') as string },
  ]);
  expect(results.state).toBe('rolled_back');
  expect(results.evidence.metrics.at(-1)).toMatchObject({ metric: 'click-through-rate', role: 'guardrail' });
  expect(results.evidence.metrics.at(-1)!.comparisons[0]!.always!.high).toBeLessThan(-0.05);

  const counts = await countedAgain(simulation);
  expect(counts.reduce((sum, { slates }) => sum + slates, 0)).toBe(visits);
  expect(counts.every(({ clicks, buyers }) => clicks > 50 && buyers > 0)).toBe(true);
  expect(differencesOf(results, counts)).toEqual([]);
});

it('two arms that are alike stay in their experiment, to the last visit', { timeout: 180_000 }, async () => {
  const simulation = await run('aa', 2, 500);
  const { decisions, results, days, visits } = simulation;
  expect({ decisions, state: results.state, days, visits }).toEqual({
    ...{ decisions: [], state: 'running', days: 2, visits: 500 },
  });
  expect(results.outlook).toMatchObject({ action: 'hold' });
  const { sampleRatio, arms } = results.evidence;
  expect(sampleRatio.sequentialP).toBeGreaterThan(0.001);
  expect(arms.every(({ fallbackUnits }) => fallbackUnits === 0)).toBe(true);
  expect(differencesOf(results, await countedAgain(simulation))).toEqual([]);
});
