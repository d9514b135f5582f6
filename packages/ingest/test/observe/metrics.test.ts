import { describe, expect, it } from 'vitest';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { AggregatorMetrics } from '@shortlist/ingest/aggregator/aggregator-metrics.ts';
import { createAcceptor } from '@shortlist/ingest/events/accept-event.ts';
import { EventIntake } from '@shortlist/ingest/events/event-intake.ts';
import { readBody } from '@shortlist/ingest/events/read-body.ts';
import { createMetrics } from '@shortlist/ingest/observe/metrics.ts';

const NOW_S = 1_700_000_000;
const metricsOf = () =>
  createMetrics({
    version: 'test',
    inFlight: () => 0,
    waiting: () => 0,
    recordsWaiting: () => 0,
    rejectedWaiting: () => Promise.resolve(4),
    database: () => ({ totalCount: 5, idleCount: 2, waitingCount: 0 }),
  });

describe('metrics of ingest', () => {
  it('count stored events by type, duplicates not again, and nothing of who they are of', async () => {
    const metrics = metricsOf();
    const stores = memoryStores();
    const intake = new EventIntake({
      lanes: [await stores.log.openLane()],
      rejected: stores.rejected,
      accept: createAcceptor({ customTypes: [], pastSMax: 86_400, futureSMax: 300, nowS: () => NOW_S }),
      queueMax: 100,
      observer: metrics.events,
    });
    const events = (['view', 'view', 'purchase'] as const).map((type, i) => {
      return { event_id: `e${i}`, user_id: 'secret-user', item_id: 'i', type, timestamp: NOW_S };
    });
    const send = () =>
      intake.take(readBody(Buffer.from(JSON.stringify(events)), 'application/json', 100).events, 'api');
    await send();
    await send();
    const said = await metrics.exposition();
    expect(EVENT_CODE.view).toBe(1);
    expect(said).toContain('shortlist_ingest_accepted_events_total{type="view"} 2');
    expect(said).toContain('shortlist_ingest_accepted_events_total{type="purchase"} 1');
    expect(said).toContain('shortlist_ingest_events_total{status="duplicate",stage=""} 3');
    expect(said).toContain('shortlist_database_connections{state="busy"} 3');
    expect(said).not.toContain('secret');
  });

  it('say what is kept of the rejected without a scrape that waits for the database', async () => {
    const metrics = metricsOf();
    expect(await metrics.exposition()).not.toMatch(/^shortlist_ingest_rejected_waiting /m);
    expect(await metrics.exposition()).toContain('shortlist_ingest_rejected_waiting 4');
  });

  it('have no lag of an aggregator that leads no more', async () => {
    const metrics = metricsOf();
    const aggregator = new AggregatorMetrics(metrics.registry);
    aggregator.leads(true, 1);
    aggregator.lag('counters', { batches: 1, events: 2, seconds: 3 });
    expect(await metrics.exposition()).toContain('shortlist_aggregator_lag_seconds{consumer="counters"} 3');
    aggregator.leads(false, 1);
    expect(await metrics.exposition()).not.toContain('consumer="counters"');
  });
});
