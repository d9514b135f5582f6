/**
 * How fast acknowledged (committed, fsynced) events come in through lanes, and which way of sending a batch costs least,
 * on an embedded PostgreSQL of its own:
 * `node packages/cli/bench/event-log.ts [--events 20000] [--repeats 5] [--lanes 4] [--json FILE]`
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { EventKeys } from '@shortlist/core/stores/event-key.ts';
import type { NewEvent } from '@shortlist/core/stores/event-store.ts';
import { eventsPayload } from '@shortlist/core/stores/log-payloads.ts';
import { APPEND } from '@shortlist/core/stores/postgres/append-statement.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { UnitDays } from '@shortlist/core/stores/postgres/unit-days.ts';
import { option } from '../../core/bench/option.ts';
import { report, summarised, type BenchResult } from '../../core/bench/report.ts';
import { readEnvironment } from '../src/environment.ts';
import { createCluster, openDatabase } from '../src/workspace/database.ts';
import { cpuOf } from '../../service/bench/process-cpu.ts';

const total = Number(option('events', '20000'));
const repeats = Number(option('repeats', '5'));
const lanesMax = Number(option('lanes', '4'));
const BATCHES = [1, 100, 1_000, 5_000];

let made = 0;
const makeEvents = (count: number): NewEvent[] =>
  Array.from({ length: count }, () => {
    const n = (made += 1);
    return {
      eventId: `event-${n}`,
      userId: `user-${(n * 7919) % 50_000}`,
      sessionId: `session-${n >> 3}`,
      itemId: `item-${(n * 104_729) % 10_000}`,
      type: 1 + (n % 2),
      occurredAtS: Date.now() / 1000,
      value: null,
      quantity: null,
      surface: 'home',
      device: 'mobile',
      requestId: `request-${n >> 4}`,
      position: 1 + (n % 20),
    };
  });

const arrayValues = (events: readonly NewEvent[], keys: EventKeys) => [
  events.map((_, i) => keys.at(i).toString('hex')),
  events.map(({ eventId }) => eventId),
  events.map(({ userId }) => userId),
  events.map(({ sessionId }) => sessionId),
  events.map(({ itemId }) => itemId),
  events.map(({ type }) => type),
  events.map(({ occurredAtS }) => new Date(occurredAtS * 1000).toISOString()),
  events.map(({ value }) => value),
  events.map(({ quantity }) => quantity),
  events.map(({ surface }) => surface),
  events.map(({ device }) => device),
  events.map(({ requestId }) => requestId),
  events.map(({ position }) => position),
  events.map(() => null),
  events.map(() => null),
];

const JSON_COLUMNS = `event_key uuid, event_id text, user_id text, session_id text, item_id text, type smallint,
  occurred_at timestamptz, value real, quantity real, surface text, device text, request_id text, position smallint,
  custom_type text, query text`;
/** The same statement, with the rows in one JSON parameter. */
const AS_JSON = APPEND.text.replace(
  /SELECT \* FROM unnest\([^)]*\) WITH ORDINALITY AS t\([^)]*\)/,
  `SELECT *, row_number() OVER () AS n FROM json_to_recordset($7) AS t(${JSON_COLUMNS})`,
);

type Send = (batch: number, events: readonly NewEvent[]) => Promise<unknown>;

/** The ways that were tried besides the lane's own, on one connection of their own. */
async function alternatives(pool: Pool): Promise<Record<string, Send>> {
  const client = await pool.connect();
  let writer = 0;
  const head = (batch: number, events: readonly NewEvent[], keys: EventKeys) => {
    const { units, days } = new UnitDays(events).rows();
    const dates = days.map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10));
    return [writer, batch, events.length, JSON.stringify(eventsPayload(events, keys)), units, dates];
  };
  const { rows } = await client.query<{ writer: string }>('INSERT INTO log_writers DEFAULT VALUES RETURNING writer');
  writer = Number(rows[0]!.writer);
  return {
    text_arrays: (batch, events) => {
      const keys = new EventKeys(events.map(({ eventId }) => eventId));
      const values = [...head(batch, events, keys), ...arrayValues(events, keys)];
      return client.query({ name: 'text_arrays', text: APPEND.text, values });
    },
    json: (batch, events) => {
      const keys = new EventKeys(events.map(({ eventId }) => eventId));
      const records = events.map((event, i) => ({
        event_key: keys.at(i).toString('hex'),
        event_id: event.eventId,
        user_id: event.userId,
        session_id: event.sessionId,
        item_id: event.itemId,
        type: event.type,
        occurred_at: new Date(event.occurredAtS * 1000).toISOString(),
        surface: event.surface,
        device: event.device,
        request_id: event.requestId,
        position: event.position,
      }));
      return client.query({
        name: 'json',
        text: AS_JSON,
        values: [...head(batch, events, keys), JSON.stringify(records)],
      });
    },
  };
}

const home = mkdtempSync(join(tmpdir(), 'shortlist-bench-'));
// PostgreSQL's account must get in.
chmodSync(home, 0o755);
const environment = readEnvironment({ SHORTLIST_HOME: home });
const database = await openDatabase(environment, 'bench', {
  connectionsMax: lanesMax + 2,
});
const stores = postgresStores(database.pool);
const results = new Map<string, number[]>();
const note = (name: string, value: number) => results.set(name, [...(results.get(name) ?? []), value]);

const lanes = await Promise.all(Array.from({ length: lanesMax }, () => stores.log.openLane()));
const own: Send = (_, events) => lanes[0]!.append(events);
const ways: Record<string, Send> = { binary_arrays: own, ...(await alternatives(database.pool)) };
/** CPU time of this process and of the server: other work on the machine lengthens it less than the time that passes. */
const server = createCluster(environment).status().pid!;
const cpuMs = () => (cpuOf(process.pid) + cpuOf(server)) * 1000;

let batchNumber = 0;
await lanes[0]!.append(makeEvents(1));
for (let round = -1; round < repeats; round++) {
  for (const size of BATCHES) {
    const events = makeEvents(Math.max(size, Math.min(total, size * 400)));
    const parts = Array.from({ length: Math.floor(events.length / size) }, (_, i) =>
      events.slice(i * size, (i + 1) * size),
    );
    const started = performance.now();
    // Every lane takes the next batch when it is done with the one before.
    let next = 0;
    await Promise.all(
      lanes.map(async (lane) => {
        for (let part = parts[next++]; part !== undefined; part = parts[next++]) await lane.append(part);
      }),
    );
    const rate = (parts.length * size) / ((performance.now() - started) / 1000);
    if (round >= 0) note(`ingest.log.batch_${size}.lanes_${lanesMax}.events_per_s`, rate);
  }
  for (const [name, send] of Object.entries(ways)) {
    for (const size of [100, 1_000]) {
      const parts = Array.from({ length: 8_000 / size }, () => makeEvents(size));
      const before = cpuMs();
      for (const part of parts) await send((batchNumber += 1), part);
      const us = ((cpuMs() - before) * 1000) / (parts.length * size);
      if (round >= 0) note(`ingest.log.send.${name}.batch_${size}.cpu_us`, us);
    }
  }
}
await Promise.all(lanes.map((lane) => lane.close()));
await database.pool.query('SELECT 1');
const unit = (name: string) => (name.endsWith('cpu_us') ? 'us' : '1/s');
report([...results].map(([name, values]): BenchResult => summarised(name, unit(name), values)));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));
await database.close();
