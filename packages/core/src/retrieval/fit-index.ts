import type { HnswIndex } from './hnsw-index.ts';
import type { IndexTrial } from './index-trial.ts';
import { quantile } from './index-trial.ts';
import type { ScanIndex } from './scan-index.ts';

/** A graph's ef is tried from k up to this many times k, each this much above the one before. */
const EF_OVER_K_MAX = 6.4;
const EF_STEP = 1.25;
/** Bands that are tried: a wider one finds more in the same lists, and costs more by itself. */
const BANDS = [0.1, 0.2, 0.4];

/** Looks at more candidates per search until the recall target is reached. */
export function fitHnsw(index: HnswIndex, trial: IndexTrial, recallTarget: number): void {
  for (let ef = trial.k; ef <= EF_OVER_K_MAX * trial.k; ef *= EF_STEP) {
    index.ef = Math.ceil(ef);
    if (trial.recallOf(index) >= recallTarget) return;
  }
}

/** For every band the fewest lists that reach the recall target; of these the fastest. If none does: all that there is. */
export function fitScan(index: ScanIndex, trial: IndexTrial, recallTarget: number): void {
  let best = { probes: index.listCount, band: Math.max(...BANDS) };
  let bestUs = Infinity;
  for (const band of BANDS) {
    const probes = fewestProbes(index, trial, recallTarget, band);
    if (probes > index.listCount) continue;
    index.settings = { probes, band };
    const us = quantile(trial.timesOf([index])[0]!, 0.5);
    if (us < bestUs) [best, bestUs] = [index.settings, us];
  }
  index.settings = best;
}

/** By doubling, then halving the interval: recall grows with the lists. More than there are when no number is enough. */
function fewestProbes(index: ScanIndex, trial: IndexTrial, recallTarget: number, band: number): number {
  const reaches = (probes: number): boolean => {
    index.settings = { probes, band };
    return trial.recallOf(index) >= recallTarget;
  };
  let enough = 1;
  while (!reaches(enough)) {
    if (enough >= index.listCount) return Infinity;
    enough = Math.min(index.listCount, enough * 2);
  }
  let tooFew = enough >> 1;
  while (enough - tooFew > 1) {
    const middle = (enough + tooFew) >> 1;
    if (reaches(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}
