import type { PoolClient } from 'pg';
import type { EventsPayload } from '../../contracts/log.ts';
import type { LogMessage } from '../event-log.ts';
import { countOf } from '../log-payloads.ts';
import type { LogBatch } from '../log-tail.ts';

const INSERT = 'INSERT INTO log_batches (writer, batch, kind, count, payload) VALUES ($1, $2, $3, $4, $5)';

/** Writes messages as the next batches of a writer, in the transaction that is open on `client`. */
export async function insertMessages(
  client: PoolClient,
  { writer, afterBatch }: { readonly writer: number; readonly afterBatch: number },
  messages: readonly LogMessage[],
): Promise<void> {
  for (const [i, message] of messages.entries()) {
    const { kind, payload } = message;
    await client.query(INSERT, [writer, afterBatch + 1 + i, kind, countOf(message), JSON.stringify(payload)]);
  }
}

/** A row of `log_batches` as it was read. */
export interface LogRow {
  readonly writer: string;
  readonly batch: string;
  readonly kind: number;
  readonly created_at_s: number;
  readonly count: number;
  readonly payload: string;
  readonly skipped: readonly number[] | null;
}

/** The batch that a row tells. */
export function toLogBatch(row: LogRow): LogBatch {
  const payload: unknown = JSON.parse(row.payload);
  const message = {
    kind: row.kind,
    payload: row.skipped === null ? payload : withoutSkipped(payload as EventsPayload, row.skipped),
  } as LogMessage;
  return {
    ...message,
    writer: Number(row.writer),
    batch: Number(row.batch),
    createdAtS: row.created_at_s,
    count: row.count,
  };
}

function withoutSkipped(payload: EventsPayload, skipped: readonly number[]): EventsPayload {
  const isSkipped = new Set(skipped);
  const kept = <T>(values: readonly T[]) => values.filter((_, i) => !isSkipped.has(i));
  return {
    keys: kept(payload.keys),
    userIds: kept(payload.userIds),
    sessionIds: kept(payload.sessionIds),
    itemIds: kept(payload.itemIds),
    types: kept(payload.types),
    timesS: kept(payload.timesS),
  };
}
