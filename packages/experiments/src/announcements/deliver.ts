import type { DueAnnouncement, ExperimentRecords } from '@shortlist/core/stores/experiment-store.ts';
import type { Tracing } from '@shortlist/service/observe/tracing.ts';
import type { Announcement, Channel } from './announcement.ts';
import { BODIES, type BodyContext } from './bodies.ts';

export interface DeliverOptions extends BodyContext {
  readonly store: Pick<ExperimentRecords, 'dueAnnouncements' | 'settleAnnouncement'>;
  /** Channels that are configured; what waits for another one is given up. */
  readonly urls: Readonly<Partial<Record<Channel, string>>>;
  /** Attempts at one announcement; then it is given up. */
  readonly attemptsMax: number;
  /** For one attempt, ms. */
  readonly timeoutMs: number;
  /** Unix seconds. */
  readonly nowS: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly tracing?: Tracing | null;
  readonly onOutcome?: (channel: string, outcome: 'delivered' | 'failed' | 'given_up', reason: string) => void;
}

/** At a time; the rest follows in the next round. */
const BATCH = 20;
const BACKOFF_S = { first: 1, max: 300 };

/**
 * Sends the announcements that are due. One that fails is tried again later and later, with jitter, until it is given up;
 * a receiver that says that the request is wrong (4xx) is not asked again. At least once: a receiver that took one and
 * did not say so gets it again, under the same delivery id.
 */
export async function deliverAnnouncements(options: DeliverOptions): Promise<void> {
  const due = await options.store.dueAnnouncements(options.nowS(), BATCH);
  // Side by side: one receiver that hangs holds up nobody else's.
  await Promise.all(due.map((one) => deliverOne(one, options)));
}

async function deliverOne({ id, channel, body, attempts }: DueAnnouncement, options: DeliverOptions): Promise<void> {
  const { store, nowS, onOutcome } = options;
  const failure = await attempt(id, channel as Channel, body as Announcement, options);
  if (failure === null) {
    onOutcome?.(channel, 'delivered', '');
    await store.settleAnnouncement(id, { deliveredAtS: nowS() });
    return;
  }
  const giveUp = failure.isFinal || attempts + 1 >= options.attemptsMax;
  onOutcome?.(channel, giveUp ? 'given_up' : 'failed', failure.reason);
  const nextAttemptAtS = giveUp ? null : nowS() + backoffS(attempts, options.random());
  await store.settleAnnouncement(id, { error: failure.reason, nextAttemptAtS });
}

interface Failure {
  readonly reason: string;
  readonly isFinal: boolean;
}

async function attempt(
  id: number,
  channel: Channel,
  announcement: Announcement,
  options: DeliverOptions,
): Promise<Failure | null> {
  const url = options.urls[channel];
  if (url === undefined) return { reason: `channel ${channel} is not configured any more`, isFinal: true };
  const span = options.tracing?.outgoing(`announce ${channel}`) ?? null;
  const failure = await post(url, { id, channel, announcement, traced: span?.headers ?? {} }, options);
  span?.end(failure?.reason ?? '');
  return failure;
}

interface Posted {
  readonly id: number;
  readonly channel: Channel;
  readonly announcement: Announcement;
  /** Headers of the trace it is in. */
  readonly traced: Readonly<Record<string, string>>;
}

async function post(
  url: string,
  { id, channel, announcement, traced }: Posted,
  options: DeliverOptions,
): Promise<Failure | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...traced, 'content-type': 'application/json', 'x-shortlist-delivery': String(id) },
      body: JSON.stringify(BODIES[channel](announcement, options)),
      redirect: 'error',
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    await response.body?.cancel();
    if (response.ok) return null;
    const { status } = response;
    return { reason: `HTTP ${status}`, isFinal: status >= 400 && status < 500 && ![408, 425, 429].includes(status) };
  } catch (error) {
    const { message, cause } = error as Error;
    return { reason: cause instanceof Error ? `${message}: ${cause.message}` : message, isFinal: false };
  }
}

/** Doubles from 1 s to 5 min; the jitter takes off up to half, so that many do not come back together. */
export function backoffS(attempts: number, random: number): number {
  return Math.min(BACKOFF_S.max, BACKOFF_S.first * 2 ** attempts) * (1 - random / 2);
}
