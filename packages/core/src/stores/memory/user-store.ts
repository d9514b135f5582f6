import { randomUUID } from 'node:crypto';
import { EVENT_CODE } from '../../contracts/events.ts';
import type { LogOffsets } from '../../contracts/log.ts';
import { namesInPayload } from '../named-in-payload.ts';
import { retractionsOf } from '../retractions.ts';
import type {
  ErasureReceipt,
  ErasureResult,
  ExportedEvent,
  MergeResult,
  UserRecord,
  UserStore,
} from '../user-store.ts';
import { inOrder } from './event-store.ts';
import { MemoryLogTail } from './event-log.ts';
import type { Impression } from '../impression-store.ts';
import type { MemoryEvent, MemoryState } from './state.ts';

const toExported = (event: MemoryEvent): ExportedEvent => ({
  eventId: event.eventId,
  type: event.type,
  customType: event.customType ?? null,
  itemId: event.itemId,
  sessionId: event.sessionId,
  occurredAtS: event.occurredAtS,
  receivedAtS: event.receivedAtS,
  value: event.value,
  quantity: event.quantity,
  query: event.query ?? null,
  surface: event.surface,
  device: event.device,
  requestId: event.requestId,
  position: event.position,
});

/** Shoppers in maps. */
export class MemoryUserStore implements UserStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  put(users: readonly UserRecord[]): Promise<void> {
    for (const user of users) this.#state.users.set(user.userId, user);
    return Promise.resolve();
  }

  get(userId: string): Promise<UserRecord | undefined> {
    return Promise.resolve(this.#state.users.get(userId));
  }

  merge(sessionId: string, userId: string): Promise<MergeResult> {
    const { events, impressions, sessionUsers } = this.#state;
    sessionUsers.set(sessionId, userId);
    const anonymous = [...events.values()].filter((event) => event.userId === null && event.sessionId === sessionId);
    for (const event of anonymous) events.set(event.eventId, { ...event, userId });
    for (const slate of [...impressions.values()])
      if (slate.userId === null && slate.sessionId === sessionId)
        impressions.set(slate.requestId, { ...slate, userId });
    const bought = anonymous.filter(({ type }) => type === EVENT_CODE.purchase).map(({ itemId }) => itemId);
    const boughtItemIds = [...new Set(bought)].sort();
    return Promise.resolve({ events: anonymous.length, payload: { sessionId, userId, boughtItemIds } });
  }

  async erase(userId: string): Promise<ErasureResult> {
    const { events, users, sessionUsers, rejected, erasures } = this.#state;
    const sessions = new Set<string>();
    for (const [session, user] of sessionUsers) if (user === userId) sessions.add(session);
    const { impressions, failedAnswers } = this.#state;
    for (const row of [...events.values(), ...impressions.values(), ...failedAnswers.values()])
      if (row.userId === userId && row.sessionId !== null) sessions.add(row.sessionId);
    const isTheirs = (row: { readonly userId: string | null; readonly sessionId: string | null }) =>
      row.userId === userId || (row.userId === null && sessions.has(row.sessionId ?? ''));
    const gone = [...events.values()].filter(isTheirs);
    for (const { eventId } of gone) events.delete(eventId);
    const { slates, slateExperiments } = this.#eraseSlates(isTheirs);
    const units = [`u:${userId}`, ...[...sessions].map((session) => `s:${session}`)];
    const { texts, numbers } = namesInPayload([userId, ...sessions]);
    const rejects = [...rejected.values()].filter(({ payload }) => {
      const bytes = Buffer.from(payload);
      return (
        texts.some((text) => bytes.includes(text)) || (numbers !== null && new RegExp(numbers).test(bytes.toString()))
      );
    });
    for (const { id } of rejects) rejected.delete(id);
    const merged = [...sessionUsers].filter(([session, user]) => user === userId || sessions.has(session));
    for (const [session] of merged) sessionUsers.delete(session);
    const counts = {
      events: gone.length,
      event_keys: gone.length,
      impressions: slates.length,
      users: users.delete(userId) ? 1 : 0,
      session_users: merged.length,
      slate_experiments: slateExperiments,
      exposures: this.#eraseExposures(units),
      rejected_events: rejects.length,
    };
    const receipt = { receipt: randomUUID(), requestedAtS: Date.now() / 1000, completedAtS: null, counts };
    erasures.set(receipt.receipt, { receipt, pending: await new MemoryLogTail(this.#state).offsetsNow() });
    const retracted = gone.map(({ itemId, type, occurredAtS, userId: user, sessionId }) => ({
      itemId,
      type,
      timeS: occurredAtS,
      unit: user === null ? `s:${sessionId}` : `u:${user}`,
    }));
    const shown = slates.flatMap(({ itemIds, occurredAtS }) =>
      itemIds.map((itemId) => ({ itemId, type: EVENT_CODE.impression, timeS: occurredAtS, unit: `u:${userId}` })),
    );
    return { receipt, units, retractions: retractionsOf([...retracted, ...shown], () => null) };
  }

  #eraseSlates(isTheirs: (slate: Impression) => boolean) {
    const { impressions, failedAnswers, slateExperiments } = this.#state;
    const slates = [...impressions.values(), ...failedAnswers.values()].filter(isTheirs);
    const ids = new Set(slates.map(({ requestId }) => requestId));
    for (const id of ids) {
      impressions.delete(id);
      failedAnswers.delete(id);
    }
    const seen = [...slateExperiments].filter(([, { requestId }]) => ids.has(requestId));
    for (const [key] of seen) slateExperiments.delete(key);
    return { slates, slateExperiments: seen.length };
  }

  #eraseExposures(units: readonly string[]): number {
    const { exposures } = this.#state;
    const theirs = [...exposures].filter(([, { unit }]) => units.includes(unit));
    for (const [key] of theirs) exposures.delete(key);
    return theirs.length;
  }

  completeErasures(consumers: Readonly<Record<string, LogOffsets>> = {}): Promise<readonly ErasureReceipt[]> {
    const { erasures, log } = this.#state;
    const completed: ErasureReceipt[] = [];
    for (const [id, { receipt, pending }] of erasures) {
      if (pending === undefined) continue;
      const told = Object.entries(pending);
      if (
        !Object.values(consumers).every((offsets) => told.every(([writer, batch]) => (offsets[writer] ?? 0) >= batch))
      )
        continue;
      for (const [writer, batch] of told)
        log.set(
          Number(writer),
          (log.get(Number(writer)) ?? []).filter((one) => one.batch > batch),
        );
      const done = { ...receipt, completedAtS: Date.now() / 1000 };
      erasures.set(id, { receipt: done });
      completed.push(done);
    }
    return Promise.resolve(completed);
  }

  erasure(receipt: string): Promise<ErasureReceipt | undefined> {
    return Promise.resolve(this.#state.erasures.get(receipt.toLowerCase())?.receipt);
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the interface is asynchronous, memory is not
  async *exportEvents(userId: string, batchMax = 5_000) {
    const own = inOrder([...this.#state.events.values()].filter((event) => event.userId === userId));
    for (let start = 0; start < own.length; start += batchMax) yield own.slice(start, start + batchMax).map(toExported);
  }
}
