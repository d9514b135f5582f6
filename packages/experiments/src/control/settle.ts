import type { StoredDecision, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { decide, type Decision } from '../decisions/decide.ts';
import type { Evidence } from '../decisions/evidence.ts';
import type { TakenLook } from '../decisions/look.ts';
import type { Change } from './change.ts';
import { decisionOf, moveExperiment, recordDecision } from './move-experiment.ts';

/**
 * Decides what becomes of an experiment by its numbers, and does it; a dry run only says so, once each time its opinion
 * changes. Null: the experiment is not split any more, so there was nothing to decide.
 */
export async function settle(
  change: Change,
  name: string,
  evidence: Evidence | null,
  staleAfterS: number,
): Promise<Decision | null> {
  const { records, nowS } = change;
  const experiment = await records.experiment(name);
  if (experiment === undefined || !isSplit(experiment)) return null;
  const { spec, phase } = experiment.current;
  const decided = (await records.decisions(name)).filter((one) => one.phase === phase);
  const decision = decideBy(experiment, decided, { evidence, staleAfterS, nowS });
  const { action, variant, reason, look } = decision;
  const about = { reason, variant, evidence, look };
  if (action === 'hold') {
    if (look !== null) await recordDecision(change, { ...decisionOf(change, experiment, about), action: 'look' });
  } else if (spec.decisions === 'auto') await moveExperiment(change, experiment, { ...about, action });
  else if (look !== null || !isRepeated(decided.at(-1), decision)) {
    await recordDecision(change, { ...decisionOf(change, experiment, about), action, dryRun: true });
  }
  return decision;
}

/** What would be decided, when it is split at all. Changes nothing. */
export function outlookOf(
  experiment: StoredExperiment,
  decisions: readonly StoredDecision[],
  given: { evidence: Evidence | null; staleAfterS: number; nowS: number },
): Decision | null {
  if (!isSplit(experiment)) return null;
  const ofPhase = decisions.filter(({ phase }) => phase === experiment.current.phase);
  return decideBy(experiment, ofPhase, given);
}

function decideBy(
  { state, current: { version, spec, startedAtS } }: SplitExperiment,
  decided: readonly StoredDecision[],
  { evidence, staleAfterS, nowS }: { evidence: Evidence | null; staleAfterS: number; nowS: number },
): Decision {
  const looks = decided.flatMap(({ look }) => (look === null ? [] : [look as TakenLook]));
  return decide({ state, version, spec, startedAtS: startedAtS ?? nowS, evidence, looks, staleAfterS }, nowS);
}

type SplitExperiment = StoredExperiment & { readonly state: 'running' | 'needs_attention' };

const isSplit = (experiment: StoredExperiment): experiment is SplitExperiment =>
  experiment.state === 'running' || experiment.state === 'needs_attention';

const isRepeated = (last: StoredDecision | undefined, { action, variant }: Decision): boolean =>
  last?.dryRun === true && last.action === action && last.variant === variant;
