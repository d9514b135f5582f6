import type { Environment } from '../environment.ts';
import { runVerb } from '../demo/run-verb.ts';
import { resultsTable } from '../experiment/results-table.ts';
import { stopSignal } from '../up/stop-signal.ts';
import { withPlatform, type UpOptions } from '../up/up.ts';
import { openDatabase } from '../workspace/database.ts';
import { openRegistry } from '../workspace/open-registry.ts';
import { splitTraffic, type SplitOutcome } from './split-traffic.ts';

export interface DemoExperimentOptions extends UpOptions {
  readonly users: number;
  /** The longest that shoppers visit, seconds. */
  readonly secondsMax: number;
}

const SECOND_SEED = 2;
const OBEYED_WITHIN_MS = 10_000;
const AFTER_MS = 5_000;

const print = (line: string) => void process.stdout.write(`${line}\n`);

/**
 * `make demo-experiment`: two releases of the demo shop, a 90/10 split between them whose treatment does harm, shoppers
 * who click by their true preferences, two ranking pods; the harm must be found and rolled back, both pods must obey
 * within 10 s, and the results must be right to the event. Sets the exit code to 1 when something of it did not hold.
 */
export async function demoExperiment(environment: Environment, options: DemoExperimentOptions): Promise<void> {
  const { dataset } = options;
  const stop = stopSignal();
  const steps = await missingSteps(environment, dataset);
  const database = await openDatabase(environment, dataset);
  try {
    for (const [i, step] of steps.entries()) {
      if (stop.aborted) return;
      print(`\n[demo-experiment ${i + 1}/${steps.length + 1}] shortlist ${step.join(' ')}`);
      const code = await runVerb(environment, step, stop);
      process.exitCode = code;
      if (code !== 0) return;
    }
    print(`\n[demo-experiment ${steps.length + 1}/${steps.length + 1}] shortlist up, with two pods`);
    await withPlatform(environment, { ...options, pods: 2, analysisEveryS: 2 }, stop, async (platform) => {
      const splitOptions = { ...options, print, afterMs: AFTER_MS, seed: Date.now() % 1_000_000 };
      const outcome = await splitTraffic(environment, splitOptions, { platform, database, stop });
      if (outcome !== null) report(outcome);
    });
  } catch (error) {
    throw database.codedError(error);
  } finally {
    await database.close();
  }
}

/** A shop whose shoppers' preferences are known, and two releases of it; what they do in a run is no reason to train again. */
async function missingSteps(environment: Environment, dataset: string): Promise<readonly (readonly string[])[]> {
  const of = ['--dataset', dataset];
  const data = [
    ['generate', ...of],
    ['import', 'jsonl', ...of],
  ];
  const registry = openRegistry(environment.home, dataset);
  if ((await registry.pointer()) !== null && (await registry.ids()).length > 1) return data;
  return [...data, ['train', ...of], ['train', ...of, '--seed', String(SECOND_SEED), '--no-activate']];
}

/** Prints what was found, the independent count beside it, and what of the promise did not hold. */
function report({ results, counts, differences, ...outcome }: SplitOutcome): void {
  print(`\n${resultsTable(results)}`);
  print('Counted again from the raw rows:');
  for (const { variant, units, slates, items, clicks, buyers } of counts)
    print(`  ${variant}: ${units} units, ${slates} slates, ${items} items shown, ${clicks} clicks, ${buyers} buyers`);
  print(`\n${outcome.slates} slates, ${outcome.events} events over HTTP.`);
  const { isRolledBack, foundAfterS, obeyedMs, late } = outcome;
  const held: readonly (readonly [string, boolean])[] = [
    [`the harm was rolled back after ${foundAfterS.toFixed(1)} s`, isRolledBack],
    [
      `every pod obeyed within 10 s (${obeyedMs.map((ms) => `${ms.toFixed(0)} ms`).join(', ')})`,
      isRolledBack && obeyedMs.every((ms) => ms <= OBEYED_WITHIN_MS) && late === 0,
    ],
    [
      `results are right to the event${differences.length === 0 ? '' : `: ${differences.join('; ')}`}`,
      differences.length === 0,
    ],
  ];
  for (const [what, isTrue] of held) print(`${isTrue ? 'yes' : 'NO '}  ${what}`);
  if (held.some(([, isTrue]) => !isTrue)) process.exitCode = 1;
}
