import type { Environment } from '../environment.ts';
import { busiestShoppers } from '../up/shoppers.ts';
import { stopSignal } from '../up/stop-signal.ts';
import { addresses, withPlatform, type UpOptions } from '../up/up.ts';
import { openDatabase } from '../workspace/database.ts';
import { askForSlates } from './ask.ts';
import { runVerb } from './run-verb.ts';
import { demoSteps } from './steps.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

/**
 * Runs the commands of `demoSteps` one after the other, showing each, then serves and asks for a few slates. The
 * database stays up in between.
 */
export async function runDemo(environment: Environment, options: UpOptions, exit: boolean): Promise<void> {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  const stop = stopSignal();
  const database = await openDatabase(environment, options.dataset);
  try {
    const steps = demoSteps(options.dataset);
    for (const [i, step] of steps.entries()) {
      if (stop.aborted) return;
      print(`\n[demo ${i + 1}/${steps.length + 1}, ${seconds()} s] shortlist ${step.join(' ')}`);
      const code = await runVerb(environment, step, stop);
      process.exitCode = code;
      if (code !== 0) return;
    }
    print(`\n[demo ${steps.length + 1}/${steps.length + 1}, ${seconds()} s] shortlist up --dataset ${options.dataset}`);
    await withPlatform(environment, options, stop, async (platform) => {
      const [shopper] = await busiestShoppers(database.pool, 1);
      if (shopper) await askForSlates(platform.podUrl, shopper, print);
      print(`\nServing after ${seconds()} s.`);
      if (exit) return;
      print(`${addresses(platform)}\nStop with Ctrl-C.`);
      await platform.untilStopped();
    });
  } catch (error) {
    throw database.codedError(error);
  } finally {
    await database.close();
  }
}
