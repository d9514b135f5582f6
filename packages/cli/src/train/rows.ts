import type { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import { FEATURE_WIDTHS, FEATURES } from '@shortlist/core/features/definitions.ts';
import { FeatureContext } from '@shortlist/core/features/feature-context.ts';
import { fillCrossFeatures, fillUserFeatures } from '@shortlist/core/features/fill.ts';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import type { FoldRetrieval } from './fold-retrieval.ts';
import { CLICK, CONVERSION } from './labels.ts';
import type { TrainingPlan } from './plan.ts';
import type { ReplayedRequest } from './requests.ts';
import { RowFile } from './row-file.ts';
import { sampleRows } from './row-sampling.ts';
import type { ActorHistory } from './training-log.ts';

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
 * the lists it will meet. Where a slate was shown, all of it is kept, labelled by what followed, plus a sample of what
 * was retrieved but not shown; otherwise all wanted candidates plus a sample of the others, weighted. A list in which
 * nothing was wanted teaches no order and is dropped, unless it was shown.
 */
export async function writeRows(options: {
  plan: TrainingPlan;
  requests: readonly ReplayedRequest[];
  history: ActorHistory;
  retrieval: FoldRetrieval;
  itemFeatures: Float32Array;
  parameters: Parameters;
  stem: string;
  progress: (done: number, total: number) => void;
}): Promise<RowCounts> {
  const { plan, requests, history, retrieval, itemFeatures, parameters } = options;
  const { catalog, itemVectors, vectorDim } = retrieval;
  const context = new FeatureContext({ catalog, itemFeatures, itemVectors, vectorDim }, parameters.profileEventsMax);
  const excluded = new Uint8Array(catalog.count);
  const userFeatures = new Float32Array(FEATURE_WIDTHS.user);
  const crossFeatures = new Float32Array(retrieval.candidates.capacity * FEATURE_WIDTHS.cross);
  const unknown = plan.labels === 'window' ? CONTEXT_COLUMNS : [];
  const random = seededRandom(plan.seed + 1);
  const counts: RowCounts = { lists: 0, rows: 0, withoutPositive: 0, wanted: 0, retrieved: 0 };
  const file = await RowFile.create(options.stem);
  for (const [index, request] of requests.entries()) {
    const profile = history.profileAt(request.actor, request.nowS, parameters.profileEventsMax);
    const category = request.category === null ? -1 : catalog.categoryCode(request.category);
    for (const row of request.excluded) excluded[row] = 1;
    const userVector = await retrieval.userVector(profile, request.nowS);
    const query = { profile, nowS: request.nowS, category, userVector, excluded };
    const candidates = retrieval.retrieve(query, request.slate?.rows ?? null);
    for (const row of request.labels.keys()) if (excluded[row] === 0) counts.wanted += 1;
    for (const row of request.excluded) excluded[row] = 0;

    const positions = positionsOf(request, candidates);
    const keep = new Uint8Array(candidates.count);
    let positives = 0;
    for (let c = 0; c < candidates.count; c++) {
      const wanted = request.labels.has(candidates.rows[c]!);
      if (wanted) positives += 1;
      if (wanted || positions[c]! > 0) keep[c] = 1;
    }
    counts.retrieved += positives;
    if (positives === 0 && request.slate === null) {
      counts.withoutPositive += 1;
      continue;
    }
    context.begin({
      profile,
      nowS: request.nowS,
      category,
      device: request.device,
      surface: request.surface,
      userVector,
    });
    fillUserFeatures(context, userFeatures, 0);
    fillCrossFeatures(context, candidates, crossFeatures, 0);

    const sampled = sampleRows(keep, plan.rows.negativesMax, random);
    for (const [i, c] of sampled.candidates.entries()) {
      const row = candidates.rows[c]!;
      const out = file.next();
      out.set(itemFeatures.subarray(row * FEATURE_WIDTHS.item, (row + 1) * FEATURE_WIDTHS.item));
      out.set(userFeatures, FEATURE_WIDTHS.item);
      out.set(
        crossFeatures.subarray(c * FEATURE_WIDTHS.cross, (c + 1) * FEATURE_WIDTHS.cross),
        FEATURE_WIDTHS.item + FEATURE_WIDTHS.user,
      );
      for (const column of unknown) out[column] = 0;
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
    options.progress(index + 1, requests.length);
  }
  counts.rows = file.count;
  await file.close();
  return counts;
}

/**
 * Replayed windows ask at one moment per fold, from nowhere: hour, weekday, device and surface would only name the fold.
 * They are constant in such rows, and the ranker leaves a constant input out.
 */
const CONTEXT_COLUMNS = FEATURES.flatMap((feature, column) => (feature.group === 'context' ? [column] : []));

/** 1-based slate position of each candidate, 0 for those that were not shown. */
function positionsOf(request: ReplayedRequest, candidates: CandidateSet): Int16Array {
  const positions = new Int16Array(candidates.count);
  request.slate?.rows.forEach((row, index) => {
    if (row >= 0) positions[candidates.slotOf(row)] = index + 1;
  });
  return positions;
}
