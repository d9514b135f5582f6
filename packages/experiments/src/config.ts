import { Type, type Static } from 'typebox';
import { int, portsConfig, SHARED_CONFIG, text } from '@shortlist/service/config.ts';

const URL_OR_NONE = '^$|^https?://';

/** Everything the experiments service can be told. `docs/configuration-experiments.md` is generated from this. */
export const ConfigSchema = Type.Object(
  {
    ...SHARED_CONFIG,
    ...portsConfig({ http: 8092, admin: 8093, adminRoutes: '`/status` and `/metrics`' }),
    databaseUrl: text('', { pattern: '^postgres(ql)?://', description: 'PostgreSQL of the shop.' }),
    redisUrl: text('', {
      pattern: '^$|^rediss?://',
      description: 'Redis or Valkey through which pods get the assignment snapshot. Empty: they do not get it.',
    }),
    home: text('', {
      description: 'Workspace with the releases, to warn of those that do not exist. Empty: releases are not checked.',
    }),
    clockOffsetS: Type.Number({
      minimum: -1e10,
      maximum: 1e10,
      default: 0,
      unit: 's',
      description: 'Added to the real time, for a shop whose data is of the past. `shortlist up` chooses.',
    }),
    writeToken: text('', {
      pattern: '^$|^[!-~]{16,256}$',
      description:
        'What who changes experiments must send as `Authorization: Bearer <token>`: 16 to 256 visible ASCII characters. Empty: anybody who reaches the port may.',
    }),
    commit: text('unknown', { pattern: '.', description: 'Commit of the code that runs; stored with each decision.' }),
    databaseTimeoutMs: int(5_000, 100, 60_000, { unit: 'ms', description: 'Longest statement of a request.' }),
    analysisTimeoutMs: int(300_000, 1_000, 3_600_000, { unit: 'ms', description: 'Longest statement of an analysis.' }),
    analysisMemoryMb: int(256, 16, 16_384, {
      unit: 'MB',
      description: 'Memory of one hash table in PostgreSQL during an analysis; one that is larger goes through files.',
    }),
    analysisEveryS: int(60, 1, 86_400, {
      unit: 's',
      description: 'Pause between two rounds of analysis and decisions.',
    }),
    resultsKeepS: int(5, 0, 3_600, { unit: 's', description: 'How long numbers that were asked for are given again.' }),
    staleAfterS: int(3_600, 1, 604_800, {
      unit: 's',
      description: 'When nothing newer was recorded for this long, nothing is promoted.',
    }),
    publishEveryMs: int(2_000, 100, 10_000, {
      unit: 'ms',
      description: 'Pause between two publications of the snapshot; changes are published at once, too.',
    }),
    webhookUrl: text('', { pattern: URL_OR_NONE, description: 'Gets every decision as JSON.' }),
    slackWebhookUrl: text('', {
      pattern: URL_OR_NONE,
      description: 'Incoming webhook of Slack, or of what understands the same body.',
    }),
    pagerdutyRoutingKey: text('', { description: 'Integration key of PagerDuty (Events API v2); told of rollbacks.' }),
    pagerdutyUrl: text('https://events.pagerduty.com/v2/enqueue', {
      pattern: '^https?://',
      description: 'Address of that API.',
    }),
    announceAttemptsMax: int(12, 1, 100, {
      unit: 'attempts',
      description: 'Attempts at one announcement, further and further apart (1 s to 5 min).',
    }),
    announceTimeoutMs: int(5_000, 100, 60_000, { unit: 'ms', description: 'Longest single attempt.' }),
  },
  { additionalProperties: false },
);

export type Config = Readonly<Static<typeof ConfigSchema>>;

export const CONFIG_PROGRAM = { schema: ConfigSchema, prefix: 'SHORTLIST_EXPERIMENTS_' } as const;
