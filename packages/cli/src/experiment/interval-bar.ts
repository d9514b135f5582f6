export interface BarOptions {
  /** Characters; odd, so that zero has one of its own. */
  readonly width: number;
  /** The lift at either end. */
  readonly scale: number;
  /** Where harm begins, on either side of zero; null without. */
  readonly margin?: number | null;
}

/**
 * An interval around zero, drawn: `├──●──┤` with `│` for zero, `┊` for the margin of a guardrail, `◀` and `▶` where it goes on
 * beyond the end.
 */
export function intervalBar(
  { low, high, value }: { low: number; high: number; value: number },
  { width, scale, margin = null }: BarOptions,
): string {
  const middle = (width - 1) / 2;
  const columnOf = (lift: number): number =>
    Math.round(middle + (Math.max(-scale, Math.min(scale, lift)) / scale) * middle);
  const cells = Array.from({ length: width }, () => ' ');
  if (margin !== null && margin > 0 && margin < scale) cells[columnOf(-margin)] = cells[columnOf(margin)] = '┊';
  const [from, to] = [columnOf(low), columnOf(high)];
  for (let i = from; i <= to; i++) cells[i] = '─';
  cells[middle] = from <= middle && middle <= to ? '┼' : '│';
  cells[from] = low < -scale ? '◀' : '├';
  cells[to] = high > scale ? '▶' : '┤';
  cells[columnOf(value)] = '●';
  return cells.join('');
}

/** An end for all bars of a table: the widest interval, but no more than a hundred percent. */
export function scaleOf(intervals: readonly { low: number; high: number }[]): number {
  const widest = Math.max(0.01, ...intervals.flatMap(({ low, high }) => [Math.abs(low), Math.abs(high)]));
  return Math.min(1, widest);
}
