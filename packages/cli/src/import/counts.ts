/** Numbers by name: `lines`, `dropped: <reason>`, `rejected`, `stored: events new`, ... */
export type Counts = Record<string, number>;

export function count(counts: Counts, name: string, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by;
}

export function addCounts(a: Readonly<Counts>, b: Readonly<Counts>): Counts {
  const sum = { ...a };
  for (const [name, value] of Object.entries(b)) count(sum, name, value);
  return sum;
}
