import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bucketOf } from '@shortlist/core/assignment/bucket.ts';
import { inputOf } from '../../src/experiment/assign.ts';
import { experimentOf, layerOf, NOW_S, snapshotOf } from '../../../core/test/assignment/snapshots.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const targeting = [{ attribute: 'context.device', in: ['mobile'] }];
const snapshot = snapshotOf([
  layerOf('ranking', [experimentOf('rankers', { targeting })]),
  layerOf('visits', [experimentOf('first-visit')], { unit: 'session' }),
]);

describe('shortlist experiment assign', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'assign-'));
    await writeFile(join(folder, 'snapshot.json'), JSON.stringify(snapshot));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const run = (...args: string[]) => {
    const at = new Date(NOW_S * 1000).toISOString();
    const given = ['experiment', 'assign', '--snapshot', join(folder, 'snapshot.json'), '--at', at, ...args];
    return execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...given], {
      encoding: 'utf8',
    });
  };

  it('says of every layer which buckets were looked at and what follows', () => {
    const variant = bucketOf('variant', 'rankers', 'Änn') < 500_000 ? 'a' : 'b';
    const text = run('--user', 'Änn', '--context', 'device=mobile');
    expect(text).toContain('ranking (users): u:Änn');
    expect(text).toContain(
      `layer    bucket ${bucketOf('layer', 'ranking', 'Änn').toLocaleString('en')} belongs to rankers`,
    );
    expect(text).toContain(`=> ${variant} of rankers`);
    expect(text).toContain('=> in no experiment: the request names no session');
    expect(run('--user', 'Änn')).toContain('=> not in rankers: the request does not meet its targets');
  });

  it('prints the same as JSON', () => {
    expect(JSON.parse(run('--session', 'v', '--json'))).toMatchObject({
      version: 1,
      layers: [{ outcome: 'no_unit' }, { outcome: 'assigned', unit: 's:v', experiment: 'first-visit' }],
    });
  });
});

describe('its options', () => {
  it.each([
    [{ context: [] }, '--user'],
    [{ user: 'a', context: ['colour=red'] }, '--context'],
    [{ user: 'a', context: ['device'] }, '--context'],
    [{ user: 'a', context: [], at: 'soon' }, '--at'],
  ])('refuse %j', (options, field) => {
    expect(() => inputOf(options)).toThrow(
      expect.objectContaining({ code: 'field_invalid', details: expect.objectContaining({ field }) as object }),
    );
  });
  it('take attributes of the user beside those of the request', () => {
    expect(inputOf({ user: 'a', context: ['device=tv', 'user.plan=a=b'], at: '2026-11-21T00:00:00Z' })).toMatchObject({
      context: { device: 'tv' },
      attributes: { plan: 'a=b' },
    });
  });
});
