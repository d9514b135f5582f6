import type { NewDecision, StoredExperiment } from '@shortlist/core/stores/experiment-store.ts';
import { isFor, isPaged, type Announcement } from '../announcements/announcement.ts';
import { problem, refuseErrors } from '../documents/problem.ts';
import { timeOf } from '../documents/check-spec.ts';
import type { Evidence } from '../decisions/evidence.ts';
import type { TakenLook } from '../decisions/look.ts';
import { move, type Action } from '../decisions/state-machine.ts';
import { SERVICE, type Change } from './change.ts';
import { problemsOf } from './find-problems.ts';
import { withBuckets } from './fit.ts';

export interface MoveOptions {
  readonly action: Action;
  readonly reason: string;
  /** Of `promote`, and whom a rollback is about. */
  readonly variant?: string | null;
  /** What it rests on; none when a person decides. */
  readonly evidence?: Evidence | null;
  readonly look?: TakenLook | null;
}

/**
 * Changes an experiment's state: the new state, the decision with its numbers, the log and the announcements, in the
 * caller's transaction. The caller renews the snapshot. Returns the experiment as it is now.
 * @throws `transition_refused`, `layer_over_allocated`, and what may be wrong with the spec of one that begins
 */
export async function moveExperiment(
  change: Change,
  experiment: StoredExperiment,
  options: MoveOptions,
): Promise<StoredExperiment> {
  const { records, actor, nowS } = change;
  const { action, variant = null, reason } = options;
  const { moved, begins } = move(experiment, { action, variant, nowS, by: actor === SERVICE ? 'service' : 'person' });
  if (begins) await refuseToBegin(change, moved);
  const after = begins ? await withBuckets(records, moved) : moved;
  await records.putExperiment(after);
  const { name, current } = after;
  await records.addLog({
    ...{ atS: nowS, actor, action, kind: 'Experiment', name, version: current.version },
    ...{ message: `${experiment.state} -> ${after.state}: ${reason}`, before: null, after: null },
  });
  if (action !== 'start') {
    await recordDecision(change, {
      ...decisionOf(change, after, options),
      action,
      from: experiment.state,
      to: after.state,
    });
  }
  return after;
}

/** Keeps a decision and has it announced. */
export async function recordDecision({ records, channels, nowS }: Change, decision: NewDecision): Promise<void> {
  const answers = await pageAnsweredBy(records, decision);
  const decisionId = await records.addDecision(decision);
  if (decision.action === 'look') return;
  const { evidence: _, look: _look, ...told } = decision;
  const announcement: Announcement = { ...told, decisionId, answers };
  for (const channel of channels.filter((one) => isFor(one, announcement)))
    await records.addAnnouncement({ channel, body: announcement, nextAttemptAtS: nowS });
}

/** The rollback that nobody has answered yet, when this is a person's other decision. */
async function pageAnsweredBy(
  records: Change['records'],
  { experiment, action, dryRun, actor }: NewDecision,
): Promise<number | null> {
  if (dryRun || actor === SERVICE || action === 'look' || action === 'roll_back') return null;
  const last = (await records.decisions(experiment)).findLast((one) => one.action !== 'look' && !one.dryRun);
  return last !== undefined && isPaged(last) ? last.id : null;
}

/** What is the same in every decision about `experiment`. */
export const decisionOf = (
  { actor, nowS, codeVersion }: Change,
  { name, current, state }: StoredExperiment,
  { reason, variant = null, evidence = null, look = null }: Omit<MoveOptions, 'action'>,
) => ({
  ...{ experiment: name, version: current.version, phase: current.phase, decidedAtS: nowS, variant, reason, actor },
  ...{ dryRun: false, from: state, to: state, look, evidence, codeVersion },
});

/** What a draft may say need not hold any more: a metric was deleted, its time is over. */
async function refuseToBegin(change: Change, { name, current: { spec } }: StoredExperiment): Promise<void> {
  refuseErrors(name, await problemsOf(change, name, spec, undefined));
  if (timeOf(spec.endsAt) <= change.nowS) {
    refuseErrors(name, [problem('dates_reversed', 'spec.endsAt', 'it is over already')]);
  }
}
