import type { NewDecision } from '@shortlist/core/stores/experiment-store.ts';

/** A decision as it is told to people and machines outside; its numbers stay in the service. */
export interface Announcement extends Omit<NewDecision, 'evidence' | 'look'> {
  readonly decisionId: number;
  /** The rollback whose page this decision answers: a person runs it again; null where nobody was paged. */
  readonly answers: number | null;
}

const VERBS: Readonly<Record<NewDecision['action'], string>> = {
  look: 'was looked at',
  roll_back: 'was rolled back to control',
  promote: 'was promoted',
  needs_attention: 'needs attention',
  stop: 'was stopped',
  resume: 'runs again',
};

/** One sentence: what, whom, why, and by whom. */
export function sentenceOf({ experiment, action, variant, reason, actor, dryRun, version }: Announcement): string {
  const what = action === 'promote' && variant !== null ? `${variant} of it was promoted` : VERBS[action];
  const dry = dryRun ? ' (dry run: nothing was changed)' : '';
  const by = actor === 'service' ? '' : ` By ${actor}.`;
  return `Experiment ${experiment} (version ${version}) ${what}${dry}: ${reason}.${by}`;
}

export type Channel = 'webhook' | 'slack' | 'pagerduty';

/** People are woken only when something was taken back, and their page is closed when that was answered. */
export const isFor = (channel: Channel, { action, dryRun, answers }: Announcement): boolean =>
  channel !== 'pagerduty' || answers !== null || isPaged({ action, dryRun });

export const isPaged = ({ action, dryRun }: Pick<Announcement, 'action' | 'dryRun'>): boolean =>
  action === 'roll_back' && !dryRun;
