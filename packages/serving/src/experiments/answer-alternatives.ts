import type { Enrolment } from '@shortlist/core/assignment/enrolment.ts';
import type { CompiledExperiment } from '@shortlist/core/assignment/compiled-snapshot.ts';
import { inSlots } from '../in-slots.ts';
import { joinProfile, runBatch, runStage, STAGES, type StageServices } from '../pipeline.ts';
import { RankingRequest } from '../ranking-request.ts';
import { weave } from './weave.ts';

/** Why control alone answers where another variant's list should have been woven in. */
const NOT_WOVEN = { failed: 'interleaving_failed', explained: 'explained' } as const;

/**
 * Computes what other variants would have shown to the requests of a batch, in a batch of its own: it may fail, the answers
 * stand. Interleaving weaves the other list in; triggered analysis is told whether any variant's slate is another one.
 */
export async function answerAlternatives(batch: readonly RankingRequest[], services: StageServices): Promise<void> {
  const asking = batch.filter(({ alternatives }) => alternatives.length > 0);
  if (asking.length === 0) return;
  const others = new Map<RankingRequest, RankingRequest[]>();
  try {
    for (const request of asking) others.set(request, await othersOf(request, services));
    const all = [...others.values()].flat();
    await inSlots(all, () => runBatch(all, { ...services, onLate: () => undefined }));
  } catch (error) {
    services.onFailure(
      'alternatives',
      error,
      asking.map(({ id }) => id),
    );
  }
  for (const request of asking) settle(request, others.get(request) ?? [], services);
}

/** The request as it would be under each of its alternatives, with the same profile and the same random draws. */
async function othersOf(request: RankingRequest, services: StageServices): Promise<RankingRequest[]> {
  const others: RankingRequest[] = [];
  for (const { release, parameters } of request.alternatives) {
    const { id, body, nowS, deadlineMs, events } = request;
    const workspace = services.workspaceOf(release);
    const other = new RankingRequest({ id, body, trace: undefined, workspace, parameters, nowS, deadlineMs });
    await runStage(STAGES[0]!, [other], { ...services, variants: null });
    other.events = events;
    joinProfile(other);
    others.push(other);
  }
  return others;
}

function settle(request: RankingRequest, others: readonly RankingRequest[], services: StageServices): void {
  const own = idsOf(request);
  request.enrolments = request.enrolments.map((enrolment): Enrolment => {
    const mine = others.filter((_, i) => request.alternatives[i]!.experiment.name === enrolment.experiment);
    const experiment = request.alternatives.find((one) => one.experiment.name === enrolment.experiment)?.experiment;
    if (experiment === undefined) return enrolment;
    const isWhole = mine.length > 0 && mine.every(({ slate }) => slate !== null);
    const differs = isWhole ? mine.some((other) => idsOf(other).join('\n') !== own.join('\n')) : null;
    return experiment.type === 'interleaving'
      ? { ...woven(enrolment, experiment, { request, other: isWhole ? mine[0]! : null, services }), differs }
      : { ...enrolment, differs };
  });
}

function woven(
  enrolment: Enrolment,
  { salt, variants }: CompiledExperiment,
  of: { request: RankingRequest; other: RankingRequest | null; services: StageServices },
): Enrolment {
  const { request, other, services } = of;
  const { explain, why_not: whyNot } = request.body;
  // An explanation is of one ranker's slate.
  const isExplained = explain === true || whyNot !== undefined;
  if (other !== null && !isExplained) {
    try {
      weave(request, other, salt);
      return enrolment;
    } catch (error) {
      services.onFailure('interleaving', error, [request.id]);
    }
  }
  const reason = isExplained ? NOT_WOVEN.explained : NOT_WOVEN.failed;
  return { ...enrolment, served: variants[0]!.name, reason };
}

function idsOf({ slate, workspace }: RankingRequest): readonly string[] {
  if (slate === null) return [];
  const { itemIds } = workspace.release.catalog;
  return Array.from(slate.rows.subarray(0, slate.count), (row) => itemIds[row]!);
}
