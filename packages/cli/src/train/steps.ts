import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './arrow-file.ts';

export interface Step {
  readonly name: string;
  /** What people read. */
  readonly title: string;
  /** Steps whose output this one reads; done before it. */
  readonly after: readonly string[];
  /** Options that change its output, beside what the steps before it depend on. */
  readonly inputs: unknown;
  readonly work: () => Promise<void>;
}

/**
 * Runs steps and remembers in `runDir/steps/` what is done, with a digest of its
 * inputs: an interrupted run goes on where it stopped, a step whose inputs have changed is done again, and so is
 * everything after it. Steps may run side by side.
 */
export class StepRunner {
  readonly #folder: string;
  readonly #log: (line: string) => void;
  readonly #started = performance.now();
  readonly #digests = new Map<string, string>();
  readonly #total: number;
  #done = 0;

  constructor(options: { runDir: string; total: number; log: (line: string) => void }) {
    this.#folder = join(options.runDir, 'steps');
    this.#log = options.log;
    this.#total = options.total;
  }

  /** Forgets what was done: `--fresh`. */
  async forget(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async run(step: Step): Promise<void> {
    const before = step.after.map((name) => {
      const digest = this.#digests.get(name);
      if (digest === undefined) throw new Error(`step ${step.name} needs ${name}, which has not run`);
      return digest;
    });
    const digest = createHash('sha256')
      .update(JSON.stringify([step.name, step.inputs, before]))
      .digest('hex');
    const marker = join(this.#folder, `${step.name}.done`);
    const known = existsSync(marker) && readFileSync(marker, 'utf8') === digest;
    const begun = performance.now();
    if (!known) {
      this.#log(`${this.#place()} ${step.title}`);
      await rm(marker, { force: true });
      await step.work();
      await mkdir(this.#folder, { recursive: true });
      await writeWhole(marker, digest);
    }
    this.#done += 1;
    this.#digests.set(step.name, digest);
    const took = known ? 'done before' : `${((performance.now() - begun) / 1000).toFixed(1)} s`;
    this.#log(`${this.#place()} ${step.title}: ${took}`);
  }

  #place(): string {
    const elapsedS = Math.round((performance.now() - this.#started) / 1000);
    return `[train ${Math.min(this.#done + 1, this.#total)}/${this.#total} ${elapsedS} s]`;
  }
}
