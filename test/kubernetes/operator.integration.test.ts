/** One replica of the controller against a real API server that is cut, killed and busy. The experiments service is a double that counts. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../packages/controller/test/until.ts';
import { findBinaries } from './control-plane/binaries.ts';
import { EXPERIMENTS, experimentOf, NAMESPACE, OperatorBench } from './operator-bench.ts';

const { absent } = findBinaries('full');
let bench: OperatorBench;
beforeAll(async () => {
  if (!absent) bench = await OperatorBench.start();
}, 300_000);
afterEach(async () => {
  if (!absent) await bench.clear();
});
afterAll(() => bench?.stop());

const namesOf = (count: number, prefix = 'e') => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const ONCE = ['create', 'start'];

describe(`the operator on a real API server ${absent}`, { timeout: 600_000 }, () => {
  it.skipIf(absent)('shows what became of an experiment in kubectl get, describe and events', async () => {
    await bench.controller();
    await bench.apply(experimentOf('one'));
    await bench.plane.kubectl(['wait', '--for=condition=Ready', 'exp/one', '-n', NAMESPACE, '--timeout=60s']);
    bench.service.move('one', 'rolled_back', 'roll_back', 'click-through-rate of treatment changed by -50 %');
    await bench.untilState(['one'], 'rolled_back');
    const table = await bench.plane.kubectl(['get', 'experiment', 'one', '-n', NAMESPACE, '-o', 'wide']);
    expect(table).toMatch(/one\s+rolled_back/);
    expect(table).toContain('roll_back treatment: click-through-rate of treatment changed by -50 %');
    const described = await bench.plane.kubectl(['describe', 'experiment', 'one', '-n', NAMESPACE]);
    expect(described).toMatch(/Warning\s+RolledBack/);
    expect((await bench.events('one')).map(({ reason }) => reason).toSorted()).toEqual(['RolledBack', 'Running']);
    const fields = await bench.plane.kubectl([
      'get',
      'exp',
      'one',
      '-n',
      NAMESPACE,
      '-o',
      'yaml',
      '--show-managed-fields',
    ]);
    expect(fields).toContain('manager: shortlist-controller');
    await bench.plane.kubectl(['delete', 'exp', 'one', '-n', NAMESPACE, '--timeout=60s']);
    expect(bench.historyOf('one')).toEqual([...ONCE, 'roll_back']);
  });

  it.skipIf(absent)('is written to no more when nothing changes', async () => {
    await bench.controller();
    await bench.apply(experimentOf('one'));
    await bench.untilState(['one'], 'running');
    const { resourceVersion } = (await bench.get('one')).metadata;
    const asked = bench.service.requests;
    await until('the service was polled some more', () => bench.service.requests > asked + 5);
    expect((await bench.get('one')).metadata.resourceVersion).toBe(resourceVersion);
  });

  it.skipIf(absent)('says what the service refuses, and shows the schema what it writes', async () => {
    bench.service.judge = (spec) =>
      spec.layer === 'default'
        ? null
        : { code: 'layer_unknown', field: 'spec.layer', message: 'there is no such layer' };
    await bench.controller();
    await bench.apply({ ...experimentOf('one'), spec: { ...experimentOf('one').spec, layer: 'nowhere' } });
    await bench.plane.kubectl(['wait', '--for=condition=Accepted=False', 'exp/one', '-n', NAMESPACE, '--timeout=60s']);
    const { conditions = [] } = (await bench.get('one')).status!;
    expect(conditions.find(({ type }) => type === 'Accepted')).toMatchObject({
      ...{
        reason: 'LayerUnknown',
        message: 'layer_unknown at spec.layer: there is no such layer',
        observedGeneration: 1,
      },
    });
    expect(bench.service.history).toEqual([]);
  });

  it.skipIf(absent)('goes on when the API server is killed and started again, and loses nothing', async () => {
    const controller = await bench.controller();
    const names = namesOf(30);
    for (const name of names.slice(0, 15)) await bench.create(experimentOf(name));
    await bench.untilState(names.slice(0, 5), 'running');
    await bench.plane.killApiServer();
    bench.service.move('e-0', 'rolled_back', 'roll_back', 'harm while nobody could be told');
    await until('it is not ready', async () => (await controller.ready()) === 503, 120_000);
    await bench.plane.startApiServer();
    for (const name of names.slice(15)) await bench.create(experimentOf(name));
    await bench.untilState(names.slice(1), 'running');
    await bench.untilState(['e-0'], 'rolled_back');
    await until('it is ready', async () => (await controller.ready()) === 200);
    for (const name of names.slice(1)) expect(bench.historyOf(name)).toEqual(ONCE);
    expect(await controller.metric('shortlist_controller_watch_restarts_total')).toBeGreaterThan(0);
  });

  it.skipIf(absent)('lists again when its position is gone (410)', async () => {
    // The lease lasts, so that the term does, while the process is suspended.
    const controller = await bench.controller({ SHORTLIST_CONTROLLER_LEASE_DURATION_S: '120' });
    const names = namesOf(20);
    for (const name of names) await bench.create(experimentOf(name));
    await bench.untilState(names, 'running');
    controller.signal('SIGSTOP');
    // A restarted API server knows no changes from before; a watch from there is refused once there are newer ones.
    await bench.plane.restartApiServer();
    const gone = names.slice(0, 5);
    await bench.create(experimentOf('new'));
    for (const name of gone) await bench.plane.request('DELETE', `${EXPERIMENTS}/${name}`);
    controller.signal('SIGCONT');
    await bench.untilGone(gone);
    await bench.untilState(['new'], 'running');
    expect(await controller.metric('shortlist_controller_watch_restarts_total', 'reason="gone"')).toBeGreaterThan(0);
    for (const name of gone) expect(bench.historyOf(name)).toEqual([...ONCE, 'stop']);
    for (const name of names.slice(5)) expect(bench.historyOf(name)).toEqual(ONCE);
  });

  it.skipIf(absent)('comes through a storm of others who write the same objects', async () => {
    await bench.controller({ SHORTLIST_CONTROLLER_RESULTS_EVERY_S: '1' });
    const names = namesOf(5);
    for (const name of names) await bench.create(experimentOf(name));
    const merge = (name: string, patch: object, subresource = '') =>
      bench.plane.request('PATCH', `${EXPERIMENTS}/${name}${subresource}`, patch, 'merge');
    for (let round = 0; round < 30; round++) {
      await Promise.all(
        names.flatMap((name) => [
          merge(name, { metadata: { annotations: { storm: String(round) } } }),
          merge(name, { spec: { description: `round ${round}` } }),
          merge(name, { status: { state: 'stopped', units: round } }, '/status'),
        ]),
      );
    }
    await until('all say what holds', async () =>
      (await bench.all()).every(
        ({ metadata, status }) => status?.observedGeneration === metadata.generation && status.state === 'running',
      ),
    );
    for (const name of names) {
      expect(bench.service.experiments.get(name)!.spec).toMatchObject({ description: 'round 29' });
      expect(bench.historyOf(name).filter((verb) => verb !== 'change')).toEqual(ONCE);
    }
  });

  it.skipIf(absent)('ends what is deleted while it is being reconciled', async () => {
    await bench.controller();
    const names = namesOf(40);
    for (const name of names) {
      await bench.create(experimentOf(name));
      await bench.plane.request('DELETE', `${EXPERIMENTS}/${name}`);
    }
    await bench.untilGone(names);
    const left = [...bench.service.experiments.values()].filter(({ state }) => state === 'running');
    expect(left).toEqual([]);
    for (const name of names)
      expect(bench.historyOf(name).filter((verb) => verb === 'start').length).toBeLessThanOrEqual(1);
  });

  it.skipIf(absent)('keeps a deleted resource while the service is away, and says so', async () => {
    await bench.controller();
    await bench.create(experimentOf('one'));
    await bench.untilState(['one'], 'running');
    bench.service.fault = () => 'refuse';
    await bench.plane.request('DELETE', `${EXPERIMENTS}/one`);
    await until('the condition says so', async () =>
      ((await bench.get('one')).status?.conditions ?? []).some(
        ({ type, reason, message }) =>
          type === 'Ready' && reason === 'ServiceUnavailable' && message.includes('deletion waits'),
      ),
    );
    bench.service.fault = () => null;
    await bench.untilGone(['one']);
    expect(bench.historyOf('one')).toEqual([...ONCE, 'stop']);
  });

  it.skipIf(absent)('holds a thousand resources in the memory of the first minute', async () => {
    const controller = await bench.controller({ SHORTLIST_CONTROLLER_WORKERS: '8' }, ['--expose-gc']);
    const names = namesOf(1_000);
    for (let at = 0; at < names.length; at += 50)
      await Promise.all(names.slice(at, at + 50).map((name) => bench.create(experimentOf(name))));
    await bench.untilState(names, 'running', 300_000);
    expect(bench.service.history).toHaveLength(2_000);
    // The smallest of some samples: what is left after a collection of garbage.
    const heapMb = async (): Promise<number> => {
      const samples: number[] = [];
      for (let i = 0; i < 20; i++) {
        samples.push((await controller.status()).process.heap_used_bytes);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      return Math.min(...samples) / 1024 ** 2;
    };
    const heaps = [await heapMb()];
    for (let round = 1; round <= 4; round++) {
      for (let at = 0; at < names.length; at += 50)
        await Promise.all(
          names
            .slice(at, at + 50)
            .map((name) =>
              bench.plane.request('PATCH', `${EXPERIMENTS}/${name}`, { spec: { description: `${round}` } }, 'merge'),
            ),
        );
      await until(
        'all have followed',
        async () => (await bench.all()).every(({ status }) => status?.observedGeneration === round + 1),
        300_000,
      );
      heaps.push(await heapMb());
    }
    console.log(
      `heap after 1,000 resources, and after each round of 1,000 changes: ${heaps.map((mb) => mb.toFixed(0)).join(', ')} MiB`,
    );
    // A leak of 4,000 objects of 5 KiB would show as 20 MiB.
    expect(Math.min(...heaps.slice(2))).toBeLessThan(heaps[0]! * 1.2 + 8);
    expect(bench.service.history).toHaveLength(6_000);
    const series = await controller.metric('shortlist_controller_reconcile_duration_seconds_count', 'result="ok"');
    expect(series).toBeGreaterThanOrEqual(5_000);
  });
});
