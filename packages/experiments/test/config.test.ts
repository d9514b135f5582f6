import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '@shortlist/service/config.ts';
import { configReference } from '@shortlist/experiments/config-reference.ts';
import { CONFIG_PROGRAM } from '@shortlist/experiments/config.ts';

const read = (variables: Record<string, string>) =>
  readConfig(CONFIG_PROGRAM, { DATABASE_URL: 'postgres://localhost/shop', ...variables });

describe('the configuration of the experiments service', () => {
  it('has its own prefix beside the variables that all services share', () => {
    const config = read({
      SHORTLIST_EXPERIMENTS_ANALYSIS_EVERY_S: '300',
      SHORTLIST_HOME: '/srv/shortlist',
      SHORTLIST_CLOCK_OFFSET_S: '-3600.5',
      // The command line's.
      SHORTLIST_EXPERIMENTS_URL: 'http://experiments:8092',
      // The ranking pod's.
      SHORTLIST_HTTP_PORT: '8080',
    });
    expect(config).toMatchObject({
      analysisEveryS: 300,
      home: '/srv/shortlist',
      clockOffsetS: -3600.5,
      httpPort: 8092,
    });
  });

  it.each([
    [{ SHORTLIST_EXPERIMENTS_PUBLISH_EVERY_MS: '20000' }, 'SHORTLIST_EXPERIMENTS_PUBLISH_EVERY_MS', '100 to 10000'],
    [{ SHORTLIST_EXPERIMENTS_WEBHOOK_URL: 'ftp://x' }, 'SHORTLIST_EXPERIMENTS_WEBHOOK_URL', 'pattern'],
    [{ SHORTLIST_EXPERIMENTS_ANALYSE_EVERY_S: '9' }, 'SHORTLIST_EXPERIMENTS_ANALYSE_EVERY_S', 'no program knows it'],
    [{ DATABASE_URL: '' }, 'DATABASE_URL', 'pattern'],
  ])('refuses %j with the name of the variable', (variables, setting, reason) => {
    expect(() => read(variables as Record<string, string>)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        details: { setting, reason: expect.stringContaining(reason) as string },
      }),
    );
  });

  it('is described by its reference', () => {
    const file = resolve(import.meta.dirname, '../../../docs/configuration-experiments.md');
    // Made anew by `node packages/experiments/scripts/write-config-reference.ts`.
    expect(readFileSync(file, 'utf8')).toBe(configReference());
  });
});
