import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { variableOf } from '@shortlist/service/config.ts';
import { CONFIG_PROGRAM, ConfigSchema, readConfig } from '@shortlist/serving/config.ts';
import { configReference } from '@shortlist/serving/config-reference.ts';

describe('the configuration', () => {
  it('has defaults for everything', () => {
    const config = readConfig({ PATH: '/bin' });
    expect(Object.keys(config).sort()).toEqual(Object.keys(ConfigSchema.properties).sort());
    expect(config).toMatchObject({ dataset: 'demo', httpPort: 8080, httpServer: 'uws', sharePort: false });
  });

  it('reads variables by name and type', () => {
    const config = readConfig({
      SHORTLIST_HTTP_PORT: '9000',
      SHORTLIST_SHARE_PORT: 'true',
      SHORTLIST_LOG_REQUESTS_SHARE: '0.5',
      DATABASE_URL: 'postgresql://x/y',
      SHORTLIST_RULES_FILE: '',
    });
    expect(config).toMatchObject({
      httpPort: 9000,
      sharePort: true,
      logRequestsShare: 0.5,
      databaseUrl: 'postgresql://x/y',
      rulesFile: '',
    });
    expect(variableOf('bodyBytesMax', CONFIG_PROGRAM.prefix)).toBe('SHORTLIST_BODY_BYTES_MAX');
  });

  it.each([
    ['SHORTLIST_HTTP_PORT', '70000', '0 to 65535'],
    ['SHORTLIST_HTTP_PORT', 'eighty', 'integer'],
    ['SHORTLIST_HTTP_PORT', '0x50', 'integer'],
    ['SHORTLIST_BATCH_WAIT_MS', '11', '0 to 10'],
    ['SHORTLIST_PROFILE_CACHE_MAX', '0', '1 to 10000000'],
    ['SHORTLIST_SHARE_PORT', 'yes', 'true, false'],
    ['SHORTLIST_HTTP_SERVER', 'apache', 'uws, node'],
    ['SHORTLIST_DATASET', '../etc', 'pattern'],
    ['DATABASE_URL', 'mysql://x', 'pattern'],
    ['SHORTLIST_HTP_PORT', '80', 'known are SHORTLIST_DATASET'],
  ])('refuses %s=%s and names it', (name, value, reason) => {
    expect(() => readConfig({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'config_invalid',
        details: expect.objectContaining({ setting: name }) as object,
      }),
    );
    expect(() => readConfig({ [name]: value })).toThrow(reason);
  });

  it('is not disturbed by what Kubernetes tells every pod about services named shortlist-*', () => {
    const links = {
      SHORTLIST_HTTP_PORT: 'tcp://10.0.0.1:80',
      SHORTLIST_HTTP_SERVICE_HOST: '10.0.0.1',
      SHORTLIST_HTTP_SERVICE_PORT: '80',
      SHORTLIST_HTTP_SERVICE_PORT_METRICS: '80',
      SHORTLIST_HTTP_PORT_80_TCP: 'tcp://10.0.0.1:80',
      SHORTLIST_HTTP_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(readConfig(links)).toEqual(readConfig({}));
  });

  it('tolerates the variables of the command line', () => {
    expect(() => readConfig({ SHORTLIST_DATA: '/data', SHORTLIST_POSTGRES_PORT: '5433' })).not.toThrow();
  });

  it('has its reference written down as it is', () => {
    const file = resolve(import.meta.dirname, '../../../docs/configuration.md');
    expect(readFileSync(file, 'utf8')).toBe(configReference());
  });
});
