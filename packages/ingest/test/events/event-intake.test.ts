import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { createAcceptor } from '@shortlist/ingest/events/accept-event.ts';
import { EventIntake } from '@shortlist/ingest/events/event-intake.ts';
import { readBody } from '@shortlist/ingest/events/read-body.ts';

const NOW_S = 1_700_000_000;
const accept = createAcceptor({
  customTypes: [{ name: 'share', weight: 2 }],
  pastSMax: 86_400,
  futureSMax: 300,
  nowS: () => NOW_S,
});

/** A lane over the memory store that cannot hold the named events. */
async function intakeThatCannotHold(poison: ReadonlySet<string>) {
  const stores = memoryStores();
  const real = await stores.log.openLane();
  const lane: LogLane = {
    append: (events: readonly NewEvent[]) =>
      events.some(({ eventId }) => poison.has(eventId))
        ? Promise.reject(Object.assign(new Error('invalid byte sequence'), { code: '22021' }))
        : real.append(events),
    write: (work) => real.write(work),
    close: () => real.close(),
  };
  return { stores, intake: new EventIntake({ lanes: [lane], rejected: stores.rejected, accept, queueMax: 10_000 }) };
}

const event = (id: number) => ({ event_id: `e${id}`, user_id: 'u', item_id: 'i', type: 'view' });

describe('taking events in', () => {
  it('stores every neighbour of what the store cannot hold', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat({ max: 39 }), { maxLength: 8 }), async (bad) => {
        const poison = new Set(bad.map((id) => `e${id}`));
        const { stores, intake } = await intakeThatCannotHold(poison);
        const body = Buffer.from(JSON.stringify(Array.from({ length: 40 }, (_, id) => event(id))));
        const outcomes = await intake.take(readBody(body, 'application/json', 1_000).events, 'api');
        expect(outcomes.map(({ status }) => status)).toEqual(
          Array.from({ length: 40 }, (_, id) => (poison.has(`e${id}`) ? 'rejected' : 'accepted')),
        );
        expect((await stores.events.summary()).events).toBe(40 - poison.size);
        expect(await stores.rejected.count({ stage: 'store' })).toBe(poison.size);
      }),
      { numRuns: 30 },
    );
  });

  it('stores nothing and keeps nothing when the log is away', async () => {
    const stores = memoryStores();
    const lane = {
      append: () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })),
    } as unknown as LogLane;
    const intake = new EventIntake({ lanes: [lane], rejected: stores.rejected, accept, queueMax: 10 });
    const { events } = readBody(Buffer.from(JSON.stringify([event(1), { type: 'view' }])), '', 1_000);
    await expect(intake.take(events, 'api')).rejects.toThrow('refused');
    expect(await stores.rejected.count()).toBe(0);
  });

  it('never throws anything but a coded refusal for whatever JSON comes in', async () => {
    const { intake } = await intakeThatCannotHold(new Set());
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 20 }), async (values) => {
        const lines = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
        const { events } = readBody(lines, 'application/x-ndjson', 1_000);
        const outcomes = await intake.take(events, 'api');
        expect(outcomes).toHaveLength(values.length);
      }),
    );
  });
});

describe('an event', () => {
  it.each([
    [
      { type: 'share', session_id: 's', item_id: 'i' },
      { type: 6, customType: 'share', occurredAtS: NOW_S },
    ],
    [
      { type: 'search', session_id: 's', query: 'q' },
      { type: 10, itemId: '', query: 'q' },
    ],
    [
      { type: 'view', session_id: 's', item_id: 'i', timestamp: '2023-11-14T22:13:20.5Z' },
      { occurredAtS: NOW_S + 0.5 },
    ],
    [{ type: 'view', session_id: 's', item_id: 'i', timestamp: NOW_S * 1000 }, { occurredAtS: NOW_S }],
  ])('%j is understood', (value, expected) => {
    expect(accept(value)).toMatchObject(expected);
  });

  it.each([
    [{ type: 'view', session_id: 's', item_id: 'a\0b' }, 'field_invalid', 'item_id'],
    [{ type: 'view', session_id: '  ', item_id: 'i' }, 'field_invalid', 'session_id'],
    [{ type: 'view', session_id: 's', item_id: 'i', timestamp: NOW_S + 301 }, 'event_in_future', undefined],
    [{ type: 'view', session_id: 's', item_id: 'i', timestamp: NOW_S - 86_401 }, 'event_too_old', undefined],
    [{ type: 'view', session_id: 's', item_id: 'i', timestamp: 1e300 }, 'field_invalid', 'timestamp'],
  ])('%j is refused with %s', (value, code, field) => {
    expect(() => accept(value)).toThrow(
      expect.objectContaining({
        code,
        details: field === undefined ? expect.anything() : expect.objectContaining({ field }),
      }),
    );
  });
});
