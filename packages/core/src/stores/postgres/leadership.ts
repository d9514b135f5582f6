import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import { createPool } from './connection.ts';
import { Lease } from './leases.ts';

const BEAT_EVERY_MS = 1_000;
const TRY_EVERY_MS = 500;

/** One process's turn as the leader. */
export interface Term {
  readonly lease: Lease;
  /** The connection that holds the lock: what must not happen twice is committed on it. */
  readonly client: PoolClient;
  /** Fires when the turn is over: stopped, the connection lost, or another one leads. */
  readonly signal: AbortSignal;
}

export interface LeadershipOptions {
  readonly databaseUrl: string;
  /** For heartbeats; its connections are not the lock's. */
  readonly pool: Pool;
  readonly name: string;
  /** Who this is, for people. */
  readonly holder: string;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}

/**
 * Waits for the lead, runs `lead` with it until it ends, and waits again; until `signal` fires. An error of `lead` ends
 * the turn: whatever it kept in memory is void, since only what is committed counts.
 */
export async function whileLeading(options: LeadershipOptions, lead: (term: Term) => Promise<void>): Promise<void> {
  const { databaseUrl, name, holder, signal, onError } = options;
  while (!signal.aborted) {
    const own = createPool(databaseUrl, { connectionsMax: 1, applicationName: `shortlist ${name}`, idleTimeoutMs: 0 });
    let client: PoolClient | undefined;
    try {
      client = await own.connect();
      const lease = await waitForLease(client, name, holder, signal);
      if (lease !== undefined) await serveTerm(options, client, lease, lead);
    } catch (error) {
      onError(error);
    } finally {
      // Ending the connection lets go of the lock.
      client?.release(true);
      await own.end();
    }
    await pause(TRY_EVERY_MS, signal);
  }
}

async function waitForLease(
  client: PoolClient,
  name: string,
  holder: string,
  signal: AbortSignal,
): Promise<Lease | undefined> {
  while (!signal.aborted) {
    const lease = await Lease.tryTake(client, name, holder);
    if (lease !== undefined) return lease;
    if (!(await Lease.endStaleHolder(client, name))) await pause(TRY_EVERY_MS, signal);
  }
  return undefined;
}

async function serveTerm(
  { pool, signal }: LeadershipOptions,
  client: PoolClient,
  lease: Lease,
  lead: (term: Term) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  const end = () => ended.abort();
  client.once('error', end);
  client.once('end', end);
  signal.addEventListener('abort', end, { once: true });
  const beats = beat(lease, pool, ended);
  try {
    await lead({ lease, client, signal: ended.signal });
  } finally {
    end();
    signal.removeEventListener('abort', end);
    await beats;
  }
}

/** Until the term ends. A heartbeat that fails is tried again: it is the candidates who judge the silence. */
async function beat(lease: Lease, pool: Pool, ended: AbortController): Promise<void> {
  while (!ended.signal.aborted) {
    try {
      if (!(await lease.beat(pool))) ended.abort();
    } catch {
      // PostgreSQL is away: then so is the lock's connection, and the term ends by that.
    }
    await pause(BEAT_EVERY_MS, ended.signal);
  }
}

/** Sleeps, less long when the signal fires. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
