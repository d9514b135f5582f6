import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { RecordedSlate } from '@shortlist/core/stores/impression-store.ts';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { readBody } from '@shortlist/ingest/events/read-body.ts';
import { createRecordAcceptor } from '@shortlist/ingest/records/accept-record.ts';
import { RecordIntake } from '@shortlist/ingest/records/record-intake.ts';
import { lines, sentExposure, sentSlate } from './sent-records.ts';

const NOW_S = 1_700_000_000;
const accept = createRecordAcceptor({ pastSMax: 86_400, futureSMax: 300, nowS: () => NOW_S });
const timestamp = NOW_S - 1;
const slate = (id: string, changes = {}) => sentSlate(id, { timestamp, ...changes });
const exposure = (unit: string, changes = {}) => sentExposure(unit, { timestamp, ...changes });

const incoming = (records: readonly unknown[]) =>
  readBody(Buffer.from(lines(records)), 'application/x-ndjson', 10_000).events;

/** An intake over the memory stores, whose lane cannot hold the slates of these requests. */
async function intake(poison: ReadonlySet<string> = new Set(), queueMax = 10_000) {
  const stores = memoryStores();
  const real = await stores.log.openLane();
  const lane: LogLane = {
    append: (events) => real.append(events),
    write: (work) =>
      real.write(async (inside, tell, place) => {
        const impressions = Object.assign(Object.create(inside.impressions) as typeof inside.impressions, {
          record: (slates: readonly RecordedSlate[]) => {
            if (slates.some(({ requestId }) => poison.has(requestId)))
              throw Object.assign(new Error('invalid byte sequence'), { code: '22021' });
            return inside.impressions.record(slates, place);
          },
        });
        return work({ ...inside, impressions }, tell, place);
      }),
    close: () => real.close(),
  };
  return { stores, intake: new RecordIntake({ lanes: [lane], rejected: stores.rejected, accept, queueMax }) };
}

describe('taking records of pods in', () => {
  it('stores each once, whatever comes again', async () => {
    const { stores, intake: taker } = await intake();
    const sent = [slate('a'), exposure('u:ann'), slate('b'), slate('a'), exposure('u:ann')];
    const first = await taker.take(incoming(sent));
    expect(first.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted', 'duplicate', 'duplicate']);
    const again = await taker.take(incoming(sent));
    expect(new Set(again.map(({ status }) => status))).toEqual(new Set(['duplicate']));
    expect(await stores.impressions.count()).toBe(2);
    expect(await stores.exposures.count()).toBe(1);
  });

  it('judges each line by itself and keeps what it refuses, with stage and reason', async () => {
    const { stores, intake: taker } = await intake(new Set(['poison']));
    const bad: [unknown, string][] = [
      ['{"kind":"slate"', 'parse body_malformed'],
      [{ kind: 'event' }, 'validate field_invalid'],
      [7, 'validate field_invalid'],
      [slate('x', { propensities: [1] }), 'validate field_invalid'],
      [slate('x', { sources: ['trending'] }), 'validate field_invalid'],
      [slate('x', { teams: [0, 2] }), 'validate field_invalid'],
      [slate('x', { user_id: null }), 'validate field_invalid'],
      [slate('x', { error: 'overloaded' }), 'validate field_invalid'],
      [
        slate('x', { experiments: [...sentSlate('x').experiments, ...sentSlate('x').experiments] }),
        'validate field_invalid',
      ],
      [slate('x', { sampled: 0 }), 'validate field_invalid'],
      [slate('x', { colour: 'red' }), 'validate field_invalid'],
      [exposure('ann'), 'validate field_invalid'],
      [exposure('u:ann', { version: 0 }), 'validate field_invalid'],
      [exposure('u:ann', { timestamp: NOW_S + 301 }), 'time event_in_future'],
      [slate('x', { timestamp: NOW_S - 86_401 }), 'time event_too_old'],
      [slate('poison'), 'store event_not_storable'],
      [slate('x', { surface: 'x'.repeat(11_000) }), 'parse event_too_large'],
    ];
    const outcomes = await taker.take(incoming([slate('first'), ...bad.map(([one]) => one), slate('last')]));
    expect(outcomes.at(0)).toEqual({ status: 'accepted' });
    expect(outcomes.at(-1)).toEqual({ status: 'accepted' });
    expect(
      outcomes.slice(1, -1).map((one) => (one.status === 'rejected' ? `${one.stage} ${one.error.code}` : one.status)),
    ).toEqual(bad.map(([, said]) => said));
    expect(await stores.rejected.count()).toBe(bad.length);
    const [kept] = await stores.rejected.list({ stage: 'parse' }, 0, 1);
    expect(kept).toMatchObject({ source: 'records', code: 'body_malformed' });
    expect(Buffer.from(kept!.payload).toString()).toBe('{"kind":"slate"');
  });

  it('stores nothing and keeps nothing when the log is away', async () => {
    const stores = memoryStores();
    const lane = { write: () => Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })) };
    const taker = new RecordIntake({
      ...{ lanes: [lane as unknown as LogLane], rejected: stores.rejected, accept, queueMax: 10 },
    });
    await expect(taker.take(incoming([slate('a'), 'nonsense']))).rejects.toThrow('refused');
    expect(await stores.rejected.count()).toBe(0);
  });

  it('refuses at once what would make too many wait', async () => {
    const { intake: taker } = await intake(new Set(), 2);
    await expect(taker.take(incoming([slate('a'), slate('b'), slate('c')]))).rejects.toMatchObject({
      code: 'overloaded',
    });
  });

  it('never throws anything but a coded refusal for whatever JSON comes in', async () => {
    const { intake: taker } = await intake();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), { maxLength: 20 }), async (values) => {
        const outcomes = await taker.take(incoming(values.map((value) => JSON.stringify(value))));
        expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
      }),
    );
  });
});
