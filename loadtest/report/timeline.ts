const SLOTS_MAX = 60;
const SLOT_MS_MIN = 500;

/** Equal parts of the time, for the charts: at most 60, since k6 keeps each apart at a price. */
export interface Timeline {
  readonly count: number;
  readonly ms: number;
  /** Number of the part that a moment belongs to. */
  at(ms: number): number;
}

export function timeline(totalMs: number): Timeline {
  const count = Math.max(1, Math.min(SLOTS_MAX, Math.floor(totalMs / SLOT_MS_MIN)));
  const ms = totalMs / count;
  return { count, ms, at: (moment) => Math.min(count - 1, Math.max(0, Math.floor(moment / ms))) };
}
