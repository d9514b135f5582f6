import { normalTailQuantile } from '../../../src/statistics/distributions.ts';

/**
 * Where a rate that is truly `rate` lies in 99 of 100 simulations of so many runs. The quick simulations are run on every
 * change and take 99.99 of 100.
 */
export function band(rate: number, runs: number, full: boolean): { low: number; high: number } {
  const half = normalTailQuantile(full ? 0.005 : 0.00005) * Math.sqrt((rate * (1 - rate)) / runs);
  return { low: rate - half, high: rate + half };
}

export const percent = (rate: number, digits = 1): string => `${(100 * rate).toFixed(digits)} %`;

/** A Markdown table, as it stands in docs/experiments/statistics.md. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
