import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '@shortlist/service/config.ts';
import { configReference } from '@shortlist/ingest/config-reference.ts';
import { CONFIG_PROGRAM } from '@shortlist/ingest/config.ts';
import { readCustomTypes } from '@shortlist/ingest/events/accept-event.ts';

const DATABASE_URL = 'postgres://localhost/shop';
const read = (variables: Record<string, string>) => readConfig(CONFIG_PROGRAM, { DATABASE_URL, ...variables });

describe('the configuration of ingest', () => {
  it('has its own prefix beside the variables that all services share', () => {
    const config = read({
      SHORTLIST_INGEST_HTTP_PORT: '9000',
      SHORTLIST_DATASET: 'shop',
      SHORTLIST_CLOCK_OFFSET_S: '-3600.5',
      SHORTLIST_LOG_LEVEL: 'warn',
      // The ranking pod's.
      SHORTLIST_HTTP_PORT: '8080',
      SHORTLIST_BATCH_WAIT_MS: '5',
    });
    expect(config).toMatchObject({
      httpPort: 9000,
      dataset: 'shop',
      clockOffsetS: -3600.5,
      logLevel: 'warn',
      lanes: 2,
    });
  });

  it.each([
    [{ SHORTLIST_INGEST_LANES: '0' }, 'SHORTLIST_INGEST_LANES', '1 to 16'],
    [{ SHORTLIST_INGEST_ROLES: 'cook' }, 'SHORTLIST_INGEST_ROLES', 'pattern'],
    [{ SHORTLIST_INGEST_EVENT_TYPES: 'share' }, 'SHORTLIST_INGEST_EVENT_TYPES', 'pattern'],
    [{ SHORTLIST_INGEST_LANE: '2' }, 'SHORTLIST_INGEST_LANE', 'no program knows it'],
    [{ DATABASE_URL: '' }, 'DATABASE_URL', 'pattern'],
  ])('refuses %j with the name of the variable', (variables, setting, reason) => {
    expect(() => read(variables as Record<string, string>)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        details: { setting, reason: expect.stringContaining(reason) as string },
      }),
    );
  });

  it('reads custom types of events, and refuses the name of a built-in one', () => {
    expect(readCustomTypes('share=2,subscribe=4.5')).toEqual([
      { name: 'share', weight: 2 },
      { name: 'subscribe', weight: 4.5 },
    ]);
    expect(readCustomTypes('')).toEqual([]);
    expect(() => readCustomTypes('purchase=9')).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });

  it('is described by its reference', () => {
    const file = resolve(import.meta.dirname, '../../../docs/configuration-ingest.md');
    // Made anew by `node packages/ingest/scripts/write-config-reference.ts`.
    expect(readFileSync(file, 'utf8')).toBe(configReference());
  });
});
