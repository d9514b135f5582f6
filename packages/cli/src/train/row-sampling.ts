/** Candidates kept of one list, in list order, with the weight that makes up for those left out. */
export interface SampledRows {
  readonly candidates: Int32Array;
  readonly weights: Float32Array;
}

/** Moves `count` random values to the front (the first steps of a Fisher-Yates shuffle). `random`: uniform in [0, 1). */
function drawToFront<T>(values: T[], count: number, random: () => number): void {
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (values.length - i));
    [values[i], values[j]] = [values[j]!, values[i]!];
  }
}

/**
 * Keeps every candidate with `keep[c] !== 0` at weight 1 and at most `negativesMax` random others, each weighted by how
 * many it stands for, so that weighted means over the sample estimate those over the list.
 */
export function sampleRows(keep: Uint8Array, negativesMax: number, random: () => number): SampledRows {
  const others: number[] = [];
  for (let c = 0; c < keep.length; c++) if (keep[c] === 0) others.push(c);
  const drawn = Math.min(negativesMax, others.length);
  drawToFront(others, drawn, random);
  const weightOf = Float32Array.from(keep, (kept) => (kept === 0 ? 0 : 1));
  for (let i = 0; i < drawn; i++) weightOf[others[i]!] = others.length / drawn;
  const candidates = Int32Array.from(weightOf.keys()).filter((c) => weightOf[c]! > 0);
  return { candidates, weights: Float32Array.from(candidates, (c) => weightOf[c]!) };
}

/** `count` of `values` in random order, all when there are fewer. Leaves the input alone. */
export function sampleOf<T>(values: readonly T[], count: number, random: () => number): T[] {
  const pool = [...values];
  const drawn = Math.min(count, pool.length);
  drawToFront(pool, drawn, random);
  return pool.slice(0, drawn);
}
