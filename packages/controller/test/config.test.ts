import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '@shortlist/service/config.ts';
import { configReference } from '@shortlist/controller/config-reference.ts';
import { CONFIG_PROGRAM } from '@shortlist/controller/config.ts';

const read = (variables: Record<string, string>) => readConfig(CONFIG_PROGRAM, variables);

describe('the configuration of the controller', () => {
  it('needs none, and has its own prefix beside the variables that all services share', () => {
    expect(read({})).toMatchObject({ namespace: 'shortlist', leaseName: 'shortlist-controller', httpPort: 8094 });
    const config = read({ SHORTLIST_CONTROLLER_WORKERS: '9', SHORTLIST_LOG_LEVEL: 'warn', SHORTLIST_HTTP_PORT: '1' });
    expect(config).toMatchObject({ workers: 9, logLevel: 'warn', httpPort: 8094 });
  });

  it.each([
    [{ SHORTLIST_CONTROLLER_NAMESPACE: 'No_Name' }, 'SHORTLIST_CONTROLLER_NAMESPACE', 'pattern'],
    [{ SHORTLIST_CONTROLLER_LEASE_DURATION_S: '1' }, 'SHORTLIST_CONTROLLER_LEASE_DURATION_S', '2 to 120'],
    [{ SHORTLIST_CONTROLLER_EXPERIMENTS_URL: 'experiments' }, 'SHORTLIST_CONTROLLER_EXPERIMENTS_URL', 'pattern'],
    [{ SHORTLIST_CONTROLLER_WORKER: '2' }, 'SHORTLIST_CONTROLLER_WORKER', 'no program knows it'],
  ])('refuses %j with the name of the variable', (variables, setting, reason) => {
    expect(() => read(variables as Record<string, string>)).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        details: { setting, reason: expect.stringContaining(reason) as string },
      }),
    );
  });

  it('replaces a leader within 15 s by its defaults', () => {
    const { leaseDurationS, leaseRenewEveryMs, apiTimeoutMs } = read({});
    // A candidate looks each half of the pause between renewals; its request may take its longest.
    expect(leaseDurationS * 1000 + leaseRenewEveryMs / 2).toBeLessThanOrEqual(15_000);
    expect(leaseRenewEveryMs).toBeLessThanOrEqual(leaseDurationS * 200);
    expect(apiTimeoutMs).toBeLessThan(leaseDurationS * 800);
  });

  it('is described by its reference', () => {
    const file = resolve(import.meta.dirname, '../../../docs/configuration-controller.md');
    // Made anew by `node packages/controller/scripts/write-config-reference.ts`.
    expect(readFileSync(file, 'utf8')).toBe(configReference());
  });
});
