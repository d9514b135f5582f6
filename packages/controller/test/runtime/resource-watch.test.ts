import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fenceOf } from '@shortlist/controller/runtime/fence.ts';
import { createKubeApi } from '@shortlist/controller/runtime/https-kube-api.ts';
import type { KubeObject } from '@shortlist/controller/runtime/kube-object.ts';
import { ResourceWatch } from '@shortlist/controller/runtime/resource-watch.ts';
import { KubeDouble } from '../kube-double.ts';
import { until } from '../until.ts';

const RESOURCE = { group: 'shortlist.dev', version: 'v1alpha1', plural: 'experiments', kind: 'Experiment' };
const PATH = '/apis/shortlist.dev/v1alpha1/namespaces/shop/experiments';

let double: KubeDouble;
let stop: AbortController;
let running: Promise<void> | undefined;
let close: () => void;
beforeEach(async () => {
  double = await KubeDouble.start();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await running;
  close();
  await double.stop();
});

function watch(relistEveryMs = 600_000) {
  const told: string[] = [];
  const restarts: string[] = [];
  const api = createKubeApi({ config: double.config, timeoutMs: 5_000, userAgent: 'test' });
  close = () => api.close();
  const fence = fenceOf(stop.signal);
  const watching = new ResourceWatch<KubeObject>({
    ...{ api: api.within(fence), fence, resource: RESOURCE, namespace: 'shop', relistEveryMs },
    backoff: { baseMs: 5, maxMs: 50 },
    nowMs: () => performance.now(),
    chance: () => 0.5,
    observer: {
      changed: (after, before) => told.push(`${before === undefined ? '+' : '~'}${after.metadata.name}`),
      removed: ({ metadata }) => told.push(`-${metadata.name}`),
      listed: () => told.push('listed'),
      restarted: (reason) => restarts.push(reason),
    },
  });
  running = watching.run();
  const lists = () => double.requests.filter(({ method, query }) => method === 'GET' && !query.has('watch')).length;
  return { watching, told, restarts, lists };
}
const put = (name: string, spec: object = {}) => double.put(PATH, { metadata: { name }, spec });

describe('a watch', { timeout: 300_000 }, () => {
  it('tells what there is, and then what changes', async () => {
    put('one');
    const { told, watching } = watch();
    await until('it watches', () => double.watchers === 1);
    put('two');
    put('one', { changed: true });
    double.remove(PATH, 'two');
    await until('all was told', () => told.includes('-two'));
    expect(told).toEqual(['+one', 'listed', '+two', '~one', '-two']);
    expect([...watching.names()]).toEqual(['one']);
  });

  it('goes on where it was when it is cut, without another list', async () => {
    put('one');
    const { told, restarts, lists } = watch();
    await until('it watches', () => double.watchers === 1);
    for (let round = 0; round < 5; round++) {
      double.cutWatches();
      double.silently(() => put(`while-away-${round}`));
      await until('it is told', () => told.includes(`+while-away-${round}`));
      await until('it watches again', () => double.watchers === 1);
    }
    expect(told.filter((one) => one.startsWith('+'))).toHaveLength(6);
    expect(lists()).toBe(1);
    expect(restarts.length).toBeGreaterThanOrEqual(5);
  });

  it('lists again when its position is forgotten (410), and tells what vanished meanwhile', async () => {
    put('one');
    put('two');
    const { told, restarts, lists } = watch();
    await until('it watches', () => double.watchers === 1);
    double.silently(() => {
      double.remove(PATH, 'two');
      put('three');
    });
    double.compact();
    double.cutWatches();
    await until('it is told', () => told.includes('-two') && told.includes('+three'));
    expect(restarts).toContain('gone');
    expect(lists()).toBe(2);
  });

  it('comes back when the API server was away, whatever it says at first', async () => {
    put('one');
    const { told, restarts } = watch();
    await until('it watches', () => double.watchers === 1);
    await double.stop();
    await until('it has tried', () => restarts.filter((reason) => reason === 'unreachable').length >= 3);
    put('two');
    let refusals = 3;
    double.fault = () => (refusals-- > 0 ? 503 : null);
    double.compact();
    await double.listen();
    await until('it is told', () => told.includes('+two'));
    expect(restarts).toContain('refused');
  });

  it('has one connection at a time, however often it breaks', async () => {
    const { restarts } = watch();
    let most = 0;
    for (let round = 0; round < 20; round++) {
      await until('it watches', () => double.watchers > 0);
      most = Math.max(most, double.watchers);
      double.cutWatches();
      await until('it has noticed', () => restarts.length > round);
    }
    expect(most).toBe(1);
    expect(restarts).toHaveLength(20);
  });

  it('lists anew from time to time, and so finds what no watch told of', async () => {
    put('lost');
    const { told, restarts } = watch(300);
    await until('it watches', () => double.watchers === 1);
    double.silently(() => double.remove(PATH, 'lost'));
    double.compact();
    await until('it is told', () => told.includes('-lost'));
    expect(restarts.some((reason) => reason === 'relist' || reason === 'gone')).toBe(true);
  });

  it('reads a list of any length in pages', async () => {
    for (let i = 0; i < 1_001; i++) put(`e-${i}`);
    const { told, lists } = watch();
    await until('it is listed', () => told.includes('listed'));
    expect(told).toHaveLength(1_002);
    expect(lists()).toBe(5);
  });

  it('ends at once when it is to stop', async () => {
    put('one');
    const { restarts } = watch();
    await until('it watches', () => double.watchers === 1);
    stop.abort();
    await running;
    expect(restarts).toEqual([]);
  });
});
