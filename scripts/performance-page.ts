/**
 * Writes docs/performance.md from docs/bench-history.jsonl: of every figure the last run that has it.
 *
 *   make bench SUITE=serving ARGS='... --history' && node scripts/performance-page.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { performancePage, type Measured } from './performance-page/page.ts';

/** Median, least, most, repeats, unit. */
type Figure = readonly [number, number, number, number, string];
interface Run {
  readonly machine: string;
  readonly commit: string;
  readonly changed: number;
  readonly date: string;
  readonly options: readonly string[];
  readonly results: Readonly<Record<string, Figure>>;
}

const docs = resolve(import.meta.dirname, '../docs');
const lines = readFileSync(join(docs, 'bench-history.jsonl'), 'utf8').split('\n').filter(Boolean);
const measured = new Map<string, Measured>();
for (const line of lines) {
  const { results, ...run } = JSON.parse(line) as Run;
  for (const [name, [median, least, most, repeats]] of Object.entries(results))
    measured.set(name, { median, least, most, repeats, run });
}
writeFileSync(join(docs, 'performance.md'), performancePage(measured));
