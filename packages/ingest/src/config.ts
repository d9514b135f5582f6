import { Type, type Static } from 'typebox';
import { int, portsConfig, SHARED_CONFIG, text } from '@shortlist/service/config.ts';

const MIB = 1024 * 1024;

/** Everything the ingest service can be told. `docs/configuration.md` is generated from this. */
export const ConfigSchema = Type.Object(
  {
    ...SHARED_CONFIG,
    ...portsConfig({ http: 8090, admin: 8091, adminRoutes: '`/status` and `/metrics`', bodyBytesMax: 8 * MIB }),
    roles: text('api,aggregator', {
      pattern: '^(api|aggregator)(,(api|aggregator))?$',
      description:
        '`api` takes events and catalogue changes, `aggregator` keeps counters, profiles and the live stream (one leads, the others stand by), or both.',
    }),
    databaseUrl: text('', { pattern: '^postgres(ql)?://', description: 'PostgreSQL that holds the log.' }),
    redisUrl: text('', {
      pattern: '^$|^rediss?://',
      description: 'Redis or Valkey for profiles and the live stream. Needed by the role `aggregator`.',
    }),
    clockOffsetS: Type.Number({
      minimum: -1e10,
      maximum: 1e10,
      default: 0,
      unit: 's',
      description: 'Added to the real time, for a shop whose data is of the past. `shortlist up` chooses.',
    }),
    lanes: int(2, 1, 16, {
      unit: 'connections',
      description: 'Group commits under way at a time, each on a connection of its own.',
    }),
    databaseTimeoutMs: int(5_000, 100, 60_000, {
      unit: 'ms',
      description: 'Longest statement; then its senders get 503.',
    }),
    eventsPerRequestMax: int(5_000, 1, 5_000, {
      unit: 'events',
      description: 'Most events in one request; more get 413.',
    }),
    eventBytesMax: int(16_384, 256, 65_536, {
      unit: 'bytes',
      description: 'Longest single event; a longer one is rejected by itself.',
    }),
    queueEventsMax: int(50_000, 1, 10_000_000, {
      unit: 'events',
      description: 'Most events that wait for their commit; what would exceed it gets 503 at once.',
    }),
    queueChangesMax: int(10_000, 1, 1_000_000, {
      unit: 'items',
      description: 'Most catalogue changes that wait for their commit.',
    }),
    recordLanes: int(2, 1, 16, {
      unit: 'connections',
      description: 'Commits of slates and exposures from pods under way at a time, each on a connection of its own.',
    }),
    recordBytesMax: int(65_536, 1_024, 1_048_576, {
      unit: 'bytes',
      description: 'Longest single record of a pod; a slate of 20 items has about 1,500.',
    }),
    queueRecordsMax: int(20_000, 1, 1_000_000, {
      unit: 'records',
      description: 'Most records of pods that wait for their commit; what would exceed it gets 503, and pods keep it.',
    }),
    pastDaysMax: int(400, 1, 36_500, { unit: 'days', description: 'How old an event, or a record of a pod, may be.' }),
    futureSMax: int(300, 0, 86_400, {
      unit: 's',
      description: "How far ahead of this service's clock an event may be.",
    }),
    eventTypes: text('', {
      pattern: '^$|^[a-z][a-z0-9_]{0,63}=\\d+(\\.\\d+)?(,[a-z][a-z0-9_]{0,63}=\\d+(\\.\\d+)?)*$',
      description:
        'Custom types of events with their weight, e.g. `share=2,subscribe=4` (view 1, wishlist 2, add_to_cart 3, purchase 5).',
    }),
    shopifySecret: text('', {
      description: "Secret of the shop's webhooks; empty: `/webhooks/shopify` refuses everything.",
    }),
    webhookAgeMaxS: int(172_800, 60, 604_800, {
      unit: 's',
      description: 'How old a webhook may be (Shopify tries again for 48 hours).',
    }),
    shards: int(1, 1, 64, { unit: 'shards', description: 'Into how many parts the items are split for aggregation.' }),
    shard: int(0, 0, 63, { description: 'Which of them this process aggregates.' }),
  },
  { additionalProperties: false },
);

export type Config = Readonly<Static<typeof ConfigSchema>>;

export const CONFIG_PROGRAM = { schema: ConfigSchema, prefix: 'SHORTLIST_INGEST_' } as const;
