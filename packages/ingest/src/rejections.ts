import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import type { RejectedStore } from '@shortlist/core/stores/rejected-store.ts';
import type { Incoming } from './events/read-body.ts';

/** At which step something that came in fell out. */
export type RejectionStage = 'parse' | 'validate' | 'time' | 'store';

export interface Rejection {
  readonly status: 'rejected';
  readonly stage: RejectionStage;
  readonly error: ShortlistError;
}

export type Outcome = Rejection | { readonly status: 'accepted' | 'duplicate' };

/** The rejection that `error` means; anything but a coded refusal is a bug and is thrown on. */
export function rejectionOf(one: Incoming, error: unknown): Rejection {
  if (!(error instanceof ShortlistError)) throw error;
  return { status: 'rejected', stage: stageOf(one, error), error };
}

function stageOf(one: Incoming, error: ShortlistError): RejectionStage {
  if ('error' in one) return 'parse';
  return error.code === 'event_in_future' || error.code === 'event_too_old' ? 'time' : 'validate';
}

/** Keeps what was rejected, bytes and reason. `outcomes` parallel to `incoming`. */
export async function keepRejected(
  store: RejectedStore,
  incoming: readonly Incoming[],
  outcomes: readonly Outcome[],
  source: string,
): Promise<void> {
  const rejected = outcomes.flatMap((outcome, i) => {
    if (outcome.status !== 'rejected') return [];
    const { stage, error } = outcome;
    return [{ source, stage, code: error.code, reason: error.message, payload: incoming[i]!.bytes() }];
  });
  if (rejected.length > 0) await store.add(rejected);
}

/** Tells `observe` how many there are of each outcome. */
export function countOutcomes(
  outcomes: readonly Outcome[],
  observe: (status: Outcome['status'], stage: string, count: number) => void,
): void {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    const key = outcome.status === 'rejected' ? `rejected/${outcome.stage}` : `${outcome.status}/`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    const [status, stage] = key.split('/') as [Outcome['status'], string];
    observe(status, stage, count);
  }
}
