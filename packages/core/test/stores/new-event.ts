import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';

/** An event with nothing but what every event must have: a view of item `i1` by user `u1`, unless told otherwise. */
export const newEvent = (eventId: string, changes: Partial<NewEvent> = {}): NewEvent => ({
  eventId,
  userId: 'u1',
  sessionId: null,
  itemId: 'i1',
  type: EVENT_CODE.view,
  occurredAtS: 1_700_000_000,
  value: null,
  quantity: null,
  surface: null,
  device: null,
  requestId: null,
  position: null,
  ...changes,
});
