import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Environment } from '../environment.ts';
import { busiestShoppers } from '../up/shoppers.ts';
import { addresses, stayUp, up, type UpOptions } from '../up/up.ts';
import { openDatabase } from '../workspace/database.ts';
import { askForSlates } from './ask.ts';
import { demoSteps } from './steps.ts';

const print = (line: string) => void process.stdout.write(`${line}\n`);

/**
 * Runs the commands of `demoSteps` one after the other, showing each, then serves and asks for a few slates. The
 * database stays up in between.
 */
export async function runDemo(environment: Environment, options: UpOptions, exit: boolean): Promise<void> {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1);
  const database = await openDatabase(environment, options.dataset);
  try {
    const steps = demoSteps(options.dataset);
    for (const [i, step] of steps.entries()) {
      print(`\n[demo ${i + 1}/${steps.length + 1}, ${seconds()} s] shortlist ${step.join(' ')}`);
      const code = await runVerb(environment, step);
      process.exitCode = code;
      if (code !== 0) return;
    }
    print(`\n[demo ${steps.length + 1}/${steps.length + 1}, ${seconds()} s] shortlist up --dataset ${options.dataset}`);
    const platform = await up(environment, options);
    const [shopper] = await busiestShoppers(database.pool, 1);
    if (shopper) await askForSlates(platform.podUrl, shopper, print);
    print(`\nServing after ${seconds()} s.`);
    if (exit) return await platform.stop();
    print(`${addresses(platform)}\nStop with Ctrl-C.`);
    await stayUp(platform);
  } finally {
    await database.close();
  }
}

/** Runs a verb in a process of its own, as a person would; resolves with its exit code. */
function runVerb(environment: Environment, args: readonly string[]): Promise<number> {
  const main = join(environment.repository, 'packages/cli/src/main.ts');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
