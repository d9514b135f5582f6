import type { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import { FEATURE_WIDTHS, REQUEST_FEATURES } from '@shortlist/core/features/definitions.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { CLICK, CONVERSION } from './labels.ts';
import type { TrainingPlan } from './plan.ts';
import type { ReplayedRequest } from './requests.ts';
import type { RequestReplay } from './replay.ts';
import { RowFile } from './row-file.ts';
import { sampleRows } from './row-sampling.ts';

export interface RowCounts {
  lists: number;
  rows: number;
  /** Requests left out because no candidate was wanted. */
  withoutPositive: number;
  /** Wanted items, and how many of them the sources found: the ceiling of the ranker's recall. */
  wanted: number;
  retrieved: number;
}

/**
 * Answers past requests again with a fold's sources and writes the ranker's rows to `<stem>-features.f32` and
 * `<stem>-rows.arrow`.
 *
 * Candidates are what serving would have ranked; wanted items that no source found are not added, so the ranker learns on
 * the lists it will meet. For a request with a slate, all of it is kept, labelled by what followed, plus a sample of what
 * was retrieved but not shown; otherwise all wanted candidates plus a sample of the others, weighted. A list in which
 * nothing was wanted teaches no order and is dropped, unless it was shown.
 */
export async function writeRows(options: {
  plan: TrainingPlan;
  requests: readonly ReplayedRequest[];
  replay: RequestReplay;
  itemFeatures: Float32Array;
  stem: string;
  progress: (done: number, total: number) => void;
}): Promise<RowCounts> {
  const { plan, requests, replay, itemFeatures } = options;
  const random = seededRandom(plan.seed + 1);
  const counts: RowCounts = { lists: 0, rows: 0, withoutPositive: 0, wanted: 0, retrieved: 0 };
  const contexts = new SeenContexts();
  const file = await RowFile.create(options.stem);
  for (const [index, request] of requests.entries()) {
    options.progress(index, requests.length);
    const candidates = await replay.retrieve(request);
    const positions = positionsOf(request, candidates);
    const { keep, positives } = keptCandidates(request, candidates, positions);
    const excluded = new Set(request.excluded);
    for (const row of request.labels.keys()) if (!excluded.has(row)) counts.wanted += 1;
    counts.retrieved += positives;
    if (positives === 0 && request.slate === null) {
      counts.withoutPositive += 1;
      continue;
    }
    replay.computeFeatures();
    if (request.slate === null) contexts.lend(replay.userFeatures, random);
    else contexts.remember(replay.userFeatures);
    const { negativesMax } = request.slate === null ? plan.rows.windows : plan.rows.slates!;
    const sampled = sampleRows(keep, negativesMax, random);
    for (const [i, c] of sampled.candidates.entries()) {
      const row = candidates.rows[c]!;
      writeFeatures(file.next(), itemFeatures, replay, row, c);
      const label = request.labels.get(row) ?? 0;
      const full = file.add({
        list: counts.lists,
        row,
        click: (label & CLICK) === 0 ? 0 : 1,
        conversion: (label & CONVERSION) === 0 ? 0 : 1,
        weight: sampled.weights[i]!,
        position: positions[c]!,
        propensity: positions[c]! > 0 ? request.slate!.propensities[positions[c]! - 1]! : 0,
      });
      if (full) await file.flush();
    }
    counts.lists += 1;
  }
  counts.rows = file.count;
  await file.close();
  return counts;
}

/** One row, item | user | cross, into `out` [F]. */
function writeFeatures(
  out: Float32Array,
  itemFeatures: Float32Array,
  replay: RequestReplay,
  row: number,
  c: number,
): void {
  const { item, user, cross } = FEATURE_WIDTHS;
  out.set(itemFeatures.subarray(row * item, (row + 1) * item));
  out.set(replay.userFeatures, item);
  out.set(replay.crossFeatures.subarray(c * cross, (c + 1) * cross), item + user);
}

/** 1 for every candidate that must be in the sample: wanted or shown. */
function keptCandidates(request: ReplayedRequest, candidates: CandidateSet, positions: Int16Array) {
  const keep = new Uint8Array(candidates.count);
  let positives = 0;
  for (let c = 0; c < candidates.count; c++) {
    const wanted = request.labels.has(candidates.rows[c]!);
    if (wanted) positives += 1;
    if (wanted || positions[c]! > 0) keep[c] = 1;
  }
  return { keep, positives };
}

/**
 * Hour, weekday, device and surface for requests that nobody made. What they were replayed with would only tell them
 * from shown slates, or one fold from another; so each borrows those of a slate before it, drawn at random. Without
 * slates they are constant, and the ranker leaves a constant input out.
 */
class SeenContexts {
  readonly #seen: Float32Array[] = [];

  /** `userFeatures`: [Du] of a slate's request. */
  remember(userFeatures: Float32Array): void {
    this.#seen.push(Float32Array.from(CONTEXT_COLUMNS, (column) => userFeatures[column]!));
  }

  /** Writes a context into `userFeatures` [Du]. */
  lend(userFeatures: Float32Array, random: () => number): void {
    const lent = this.#seen.length === 0 ? null : this.#seen[Math.floor(random() * this.#seen.length)]!;
    CONTEXT_COLUMNS.forEach((column, i) => {
      userFeatures[column] = lent === null ? 0 : lent[i]!;
    });
  }
}

/** Of the features of a request, [Du]. */
const CONTEXT_COLUMNS = REQUEST_FEATURES.flatMap(({ group }, column) => (group === 'context' ? [column] : []));

/** 1-based slate position of each candidate, 0 for those that were not shown. */
function positionsOf(request: ReplayedRequest, candidates: CandidateSet): Int16Array {
  const positions = new Int16Array(candidates.count);
  request.slate?.rows.forEach((row, index) => {
    if (row >= 0) positions[candidates.slotOf(row)] = index + 1;
  });
  return positions;
}
