import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { ExperimentsDouble } from '../experiments-double.ts';
import { KubeDouble } from '../kube-double.ts';
import { until } from '../until.ts';
import { EVENTS_PATH, EXPERIMENTS_PATH, operatorBench, specOf } from './bench.ts';

let kube: KubeDouble;
let service: ExperimentsDouble;
let operators: ReturnType<typeof operatorBench>[];
beforeEach(async () => {
  kube = await KubeDouble.start();
  service = await ExperimentsDouble.start();
  operators = [];
});
afterEach(async () => {
  await Promise.all(operators.map((one) => one.stop()));
  await Promise.all([kube.stop(), service.stop()]);
});

const operate = (options: Parameters<typeof operatorBench>[2] = {}) => {
  const operator = operatorBench(kube, service, options);
  operators.push(operator);
  return operator;
};
const apply = (name: string, spec: object = specOf()) =>
  kube.put(EXPERIMENTS_PATH, {
    ...{ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Experiment' },
    metadata: { name },
    spec,
  });
const statusOf = (name: string) => kube.find(EXPERIMENTS_PATH, name)?.status as ExperimentStatus | undefined;
const count = (verb: string) => service.history.filter((line) => line.startsWith(verb)).length;

describe('the operator', { timeout: 400_000 }, () => {
  it('brings hundreds of resources to what they say, each once', async () => {
    const names = Array.from({ length: 300 }, (_, i) => `e-${i}`);
    names.slice(0, 150).forEach((name) => apply(name));
    const { operator, counts } = operate({ workers: 8, pollEveryMs: 5_000 });
    names.slice(150).forEach((name) => apply(name));
    await until('all run', () => names.every((name) => statusOf(name)?.state === 'running'), 300_000);
    expect([count('create'), count('start'), service.history.length]).toEqual([300, 300, 600]);
    expect(kube.all(EVENTS_PATH)).toHaveLength(300);
    expect(counts.failed).toBe(0);
    await until('nothing is in work', () => operator.counts().every(({ busy }) => busy === 0));
    // Only the next looks at the numbers wait, one per resource.
    expect(operator.counts()).toEqual([{ kind: 'experiment', objects: 300, waiting: 300, busy: 0 }]);
  });

  it('shows a decision of the service soon, though nothing happened in Kubernetes', async () => {
    apply('one');
    operate();
    await until('it runs', () => statusOf('one')?.state === 'running');
    service.move('one', 'rolled_back', 'roll_back', 'harm');
    await until('it is shown', () => statusOf('one')?.state === 'rolled_back');
    expect(statusOf('one')!.decision).toBe('roll_back treatment: harm');
  });

  it('comes through an API server that cuts, forgets, refuses and goes away', async () => {
    operate();
    let calls = 0;
    kube.fault = () => (++calls % 11 === 0 ? 'refuse' : calls % 13 === 0 ? 'lose' : calls % 17 === 0 ? 500 : null);
    for (let i = 0; i < 20; i++) {
      apply(`e-${i}`);
      if (i % 5 === 3) kube.cutWatches();
      if (i % 10 === 7) kube.compact();
      if (i === 10) {
        await kube.stop();
        await kube.listen();
      }
    }
    const all = Array.from({ length: 20 }, (_, i) => `e-${i}`);
    await until('all run', () => all.every((name) => statusOf(name)?.state === 'running'));
    all.slice(0, 10).forEach((name) => kube.remove(EXPERIMENTS_PATH, name));
    await until('half of them are gone', () => kube.all(EXPERIMENTS_PATH).length === 10);
    expect([count('create'), count('start'), count('stop')]).toEqual([20, 20, 10]);
  });

  it('comes through conflicts on every write', async () => {
    const { counts } = operate();
    const refused = new Set<string>();
    kube.fault = ({ method, path, body }) => {
      if (method !== 'PATCH') return null;
      const key = `${path} ${JSON.stringify(body?.metadata)}`;
      if (refused.has(key)) return null;
      refused.add(key);
      return 409;
    };
    for (let i = 0; i < 20; i++) apply(`e-${i}`);
    await until('all run', () => kube.all(EXPERIMENTS_PATH).every(({ status }) => status?.state === 'running'));
    expect(counts.conflicts).toBeGreaterThanOrEqual(20);
    expect(counts.failed).toBe(0);
    expect([count('create'), count('start')]).toEqual([20, 20]);
  });

  it('deletes what is deleted while it is being reconciled, and leaves nothing running', async () => {
    operate();
    for (let i = 0; i < 40; i++) {
      const name = `e-${i}`;
      apply(name);
      // Somewhere between the first request for it and the last.
      await until('it has begun', () => kube.find(EXPERIMENTS_PATH, name)?.metadata.finalizers !== undefined);
      for (let turn = 0; turn < i; turn++) await new Promise(setImmediate);
      kube.remove(EXPERIMENTS_PATH, name);
    }
    await until('all are gone', () => kube.all(EXPERIMENTS_PATH).length === 0);
    const left = [...service.experiments.values()].filter(({ state }) => state !== 'stopped');
    expect(left).toEqual([]);
    expect(count('create')).toBe(40);
  });

  it('leaves a namesake of a deleted resource alone', async () => {
    operate();
    apply('one');
    await until('it runs', () => statusOf('one')?.state === 'running');
    const { uid } = kube.find(EXPERIMENTS_PATH, 'one')!.metadata;
    kube.remove(EXPERIMENTS_PATH, 'one');
    await until('it is gone', () => kube.find(EXPERIMENTS_PATH, 'one') === undefined);
    apply('one');
    await until('the new one has a status', () => statusOf('one')?.state === 'stopped');
    expect(kube.find(EXPERIMENTS_PATH, 'one')!.metadata.uid).not.toBe(uid);
    expect(count('start')).toBe(1);
  });
});

describe('two replicas', { timeout: 400_000 }, () => {
  it('do each thing once, while the lead changes again and again', async () => {
    const names = Array.from({ length: 200 }, (_, i) => `e-${i}`);
    let at = 0;
    for (let round = 0; round < 4; round++) {
      const a = operate({ identity: `a-${round}` });
      const b = operate({ identity: `b-${round}` });
      for (let i = 0; i < 50; i++) apply(names[at++]!);
      await until('some are done', () => service.history.length > round * 100 + 20);
      expect([a, b].filter(({ operator }) => operator.isLeading).length).toBeLessThanOrEqual(1);
      const [first, second] = a.operator.isLeading ? [a, b] : [b, a];
      await first.stop();
      await until('the other one has gone on', () =>
        names.slice(0, at).every((name) => statusOf(name)?.state === 'running'),
      );
      await second.stop();
    }
    expect([count('create'), count('start'), service.history.length]).toEqual([200, 200, 400]);
    expect(kube.all(EVENTS_PATH)).toHaveLength(200);
  });
});
