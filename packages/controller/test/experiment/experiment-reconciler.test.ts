import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Value } from 'typebox/value';
import { ExperimentStatusSchema, type ExperimentStatus } from '@shortlist/core/contracts/experiment-resource.ts';
import { ExperimentsDouble, type ServiceFault } from '../experiments-double.ts';
import { KubeDouble, type Fault } from '../kube-double.ts';
import { until } from '../until.ts';
import { EVENTS_PATH, EXPERIMENTS_PATH, reconcilerBench, specOf } from './bench.ts';

let kube: KubeDouble;
let service: ExperimentsDouble;
let bench: ReturnType<typeof reconcilerBench>;
beforeEach(async () => {
  kube = await KubeDouble.start();
  service = await ExperimentsDouble.start();
  bench = reconcilerBench(kube, service);
});
afterEach(async () => {
  bench.close();
  await Promise.all([kube.stop(), service.stop()]);
});

const apply = (name: string, spec: object = specOf(), annotations: Record<string, string> = {}) =>
  kube.put(EXPERIMENTS_PATH, {
    ...{ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Experiment' },
    metadata: { name, annotations },
    spec,
  });
const statusOf = (name: string) => kube.find(EXPERIMENTS_PATH, name)?.status as ExperimentStatus | undefined;
const conditions = (name: string) =>
  Object.fromEntries(
    (statusOf(name)?.conditions ?? []).map(({ type, status, reason }) => [type, `${status} ${reason}`]),
  );
const events = () => kube.all(EVENTS_PATH).map(({ reason }) => reason as string);

describe('an Experiment resource', { timeout: 400_000 }, () => {
  it('becomes an experiment of the service that runs, and its status says so', async () => {
    apply('one');
    await bench.reconcile('one');
    expect(service.history).toEqual(['create one by shortlist-controller', 'start one by shortlist-controller']);
    expect(kube.find(EXPERIMENTS_PATH, 'one')?.metadata.finalizers).toEqual(['shortlist.dev/experiment']);
    expect(statusOf('one')).toMatchObject({
      ...{ observedGeneration: 1, state: 'running', version: 1, exposed: 1, units: 100 },
      variants: [
        { name: 'control', units: 90 },
        { name: 'treatment', units: 10 },
      ],
      metrics: [
        { metric: 'click-through-rate', role: 'guardrail', variant: 'treatment', lift: -0.3, low: -0.5, high: -0.1 },
      ],
    });
    expect(conditions('one')).toEqual({ Accepted: 'True Applied', Decided: 'False Running', Ready: 'True Running' });
    expect(Value.Check(ExperimentStatusSchema, statusOf('one'))).toBe(true);
    expect(events()).toEqual(['Running']);
  });

  it('is written to no more when nothing has changed', async () => {
    apply('one');
    await bench.reconcile('one');
    const written = kube.find(EXPERIMENTS_PATH, 'one')!.metadata.resourceVersion;
    for (let round = 0; round < 5; round++) await bench.reconcile('one');
    expect(kube.find(EXPERIMENTS_PATH, 'one')!.metadata.resourceVersion).toBe(written);
    expect(service.history).toHaveLength(2);
    expect(events()).toHaveLength(1);
  });

  it('shows what was decided, why, and tells it by one Event', async () => {
    apply('one');
    await bench.reconcile('one');
    service.move('one', 'rolled_back', 'roll_back', 'click-through-rate of treatment changed by -50 %');
    await bench.reconcile('one');
    await bench.reconcile('one');
    expect(statusOf('one')).toMatchObject({
      state: 'rolled_back',
      decision: 'roll_back treatment: click-through-rate of treatment changed by -50 %',
      decisions: [{ action: 'roll_back', variant: 'treatment', actor: 'service' }],
    });
    expect(conditions('one')).toMatchObject({ Decided: 'True RolledBack', Ready: 'True RolledBack' });
    expect(Value.Check(ExperimentStatusSchema, statusOf('one'))).toBe(true);
    const [, told] = kube.all(EVENTS_PATH);
    expect(told).toMatchObject({
      type: 'Warning',
      reason: 'RolledBack',
      regarding: { kind: 'Experiment', name: 'one' },
    });
    expect(told!.note).toContain('click-through-rate of treatment');
    expect(kube.all(EVENTS_PATH)).toHaveLength(2);
    // What has ended is not begun again.
    expect(service.history.filter((line) => line.startsWith('start'))).toHaveLength(1);
  });

  it('follows a changed spec, over the version that was read', async () => {
    apply('one');
    await bench.reconcile('one');
    apply('one', specOf(0.2));
    await bench.reconcile('one');
    expect(service.history.slice(2)).toEqual(['change one by shortlist-controller']);
    expect(statusOf('one')).toMatchObject({ observedGeneration: 2, version: 2 });
    expect(events()).toEqual(['Running', 'Applied']);
  });

  it('says what the service refuses by code, path and message, and tries again later', async () => {
    service.judge = () => ({ code: 'layer_unknown', field: 'spec.layer', message: 'there is no layer default' });
    apply('one');
    expect(await bench.reconcile('one')).toEqual({ requeueAfterMs: 30_000 });
    const accepted = statusOf('one')!.conditions!.find(({ type }) => type === 'Accepted')!;
    expect(accepted).toMatchObject({
      ...{ status: 'False', reason: 'LayerUnknown', observedGeneration: 1 },
      message: 'layer_unknown at spec.layer: there is no layer default',
    });
    expect(conditions('one').Ready).toBe('False NotAccepted');
    expect(statusOf('one')!.state).toBeUndefined();
    expect(events()).toEqual(['Refused']);
    service.judge = () => null;
    await bench.reconcile('one');
    expect(conditions('one')).toMatchObject({ Accepted: 'True Applied', Ready: 'True Running' });
  });

  it('keeps what runs when a change of it is refused', async () => {
    apply('one');
    await bench.reconcile('one');
    service.judge = () => ({ code: 'salt_changed', field: 'spec.salt', message: 'everybody would be elsewhere' });
    apply('one', { ...specOf(), salt: 'another' });
    await bench.reconcile('one');
    expect(statusOf('one')).toMatchObject({ state: 'running', version: 1, observedGeneration: 2 });
    expect(conditions('one')).toMatchObject({ Accepted: 'False SaltChanged', Ready: 'False NotAccepted' });
    expect(service.history).toHaveLength(2);
  });

  it('stays a draft by its annotation, until that goes', async () => {
    apply('one', specOf(), { 'shortlist.dev/draft': 'true' });
    await bench.reconcile('one');
    expect(statusOf('one')!.state).toBe('draft');
    apply('one', specOf(), { 'shortlist.dev/draft': 'false' });
    await bench.reconcile('one');
    expect(statusOf('one')!.state).toBe('running');
  });
});

describe('a resource that is deleted', { timeout: 400_000 }, () => {
  it.each([
    ['stops an experiment that runs', {}, 'stop one by shortlist-controller'],
    ['removes a draft', { 'shortlist.dev/draft': 'true' }, 'delete one by shortlist-controller'],
  ])('%s, and then goes', async (_, annotations, expected) => {
    apply('one', specOf(), annotations);
    await bench.reconcile('one');
    kube.remove(EXPERIMENTS_PATH, 'one');
    expect(kube.find(EXPERIMENTS_PATH, 'one')).toBeDefined();
    await bench.reconcile('one');
    expect(kube.find(EXPERIMENTS_PATH, 'one')).toBeUndefined();
    expect(service.history.at(-1)).toBe(expected);
    expect(events()).toContain('Deleted');
  });

  it('leaves what has ended to its history', async () => {
    apply('one');
    await bench.reconcile('one');
    service.move('one', 'promoted', 'promote', 'superior');
    kube.remove(EXPERIMENTS_PATH, 'one');
    await bench.reconcile('one');
    expect(kube.find(EXPERIMENTS_PATH, 'one')).toBeUndefined();
    expect(service.experiments.get('one')!.state).toBe('promoted');
  });

  it('waits while the service is away, says so, and is not lost', async () => {
    apply('one');
    await bench.reconcile('one');
    kube.remove(EXPERIMENTS_PATH, 'one');
    service.fault = () => 'refuse';
    for (let round = 0; round < 3; round++) await expect(bench.reconcile('one')).rejects.toThrow('experiments service');
    expect(conditions('one').Ready).toBe('False ServiceUnavailable');
    const ready = statusOf('one')!.conditions!.find(({ type }) => type === 'Ready')!;
    expect(ready.message).toMatch(/^The deletion waits until the experiment can be ended/);
    expect(statusOf('one')!.state).toBe('running');
    service.fault = () => null;
    await bench.reconcile('one');
    expect(kube.find(EXPERIMENTS_PATH, 'one')).toBeUndefined();
    expect(service.experiments.get('one')!.state).toBe('stopped');
  });

  it("does not end an experiment of the same name that is somebody else's", async () => {
    service.judge = () => ({ code: 'running_change_refused', field: 'spec.layer', message: 'it is running' });
    service.experiments.set('one', {
      ...{ name: 'one', resourceVersion: 7, spec: { layer: 'other' }, state: 'running', version: 3 },
      ...{ actor: 'ada', decisions: [] },
    });
    apply('one');
    await bench.reconcile('one');
    expect(conditions('one').Accepted).toBe('False RunningChangeRefused');
    expect(statusOf('one')!.state).toBeUndefined();
    kube.remove(EXPERIMENTS_PATH, 'one');
    await bench.reconcile('one');
    expect(kube.find(EXPERIMENTS_PATH, 'one')).toBeUndefined();
    expect(service.experiments.get('one')!.state).toBe('running');
  });
});

describe('the service away', { timeout: 400_000 }, () => {
  it('is said by a condition and an Event, and taken back when it answers', async () => {
    apply('one');
    await bench.reconcile('one');
    service.fault = () => 503;
    await expect(bench.reconcile('one')).rejects.toThrow('does not answer');
    expect(conditions('one')).toMatchObject({ Accepted: 'True Applied', Ready: 'False ServiceUnavailable' });
    service.fault = () => null;
    await bench.reconcile('one');
    expect(conditions('one').Ready).toBe('True Running');
    expect(events()).toEqual(['Running', 'ServiceUnavailable', 'ServiceAvailable']);
  });

  it('has all resources looked at when it comes back, and those that changed meanwhile', async () => {
    apply('one');
    apply('two');
    await bench.reconcile('one');
    await bench.reconcile('two');
    const polling = bench.reconciler.watchOutside();
    service.move('two', 'rolled_back', 'roll_back', 'harm');
    await until('the change is seen', () => bench.enqueued.includes('two'));
    expect(bench.enqueued).not.toContain('one');
    service.fault = () => 'refuse';
    await until('the outage is seen', () => bench.enqueued.includes('one'));
    bench.enqueued.length = 0;
    service.fault = () => null;
    await until('the return is seen', () => bench.enqueued.includes('one') && bench.enqueued.includes('two'));
    bench.close();
    await polling;
  });
});

/** Every request that a life of a resource makes is refused once, or its answer lost: a crash just before or after it. */
describe('a crash at any point', { timeout: 400_000 }, () => {
  const LIFE = ['apply', 'reconcile', 'change', 'reconcile', 'decide', 'reconcile', 'delete', 'reconcile'] as const;

  async function live(crash: (request: number) => Fault & ServiceFault): Promise<number> {
    let requests = 0;
    const next = () => crash(requests++);
    kube.fault = next;
    service.fault = next;
    for (const step of LIFE) {
      if (step === 'apply') apply('one');
      else if (step === 'change') apply('one', specOf(0.2));
      else if (step === 'decide') service.move('one', 'needs_attention', 'needs_attention', 'nobody is superior');
      else if (step === 'delete') kube.remove(EXPERIMENTS_PATH, 'one');
      else {
        for (let attempt = 0; ; attempt++) {
          try {
            await bench.reconcile('one');
            break;
          } catch (error) {
            if (attempt >= 2) throw error;
            // Whatever the process knew is gone with it.
            bench.close();
            bench = reconcilerBench(kube, service);
          }
        }
      }
    }
    return requests;
  }

  const EXPECTED = [
    'create one by shortlist-controller',
    'start one by shortlist-controller',
    'change one by shortlist-controller',
    'needs_attention one by service',
    'stop one by shortlist-controller',
  ];

  it('leaves nothing undone and does nothing twice', async () => {
    const requests = await live(() => null);
    expect(requests).toBeGreaterThan(20);
    const told = [...new Set(events())].toSorted();
    expect(service.history).toEqual(EXPECTED);
    for (const fault of ['refuse', 'lose'] as const) {
      for (let at = 0; at < requests; at++) {
        await Promise.all([kube.stop(), service.stop()]);
        bench.close();
        [kube, service] = [await KubeDouble.start(), await ExperimentsDouble.start()];
        bench = reconcilerBench(kube, service);
        await live((request) => (request === at ? fault : null));
        const where = `${fault} of request ${at}`;
        expect(service.history, where).toEqual(EXPECTED);
        expect(kube.all(EXPERIMENTS_PATH), where).toEqual([]);
        const names = kube.all(EVENTS_PATH).map(({ metadata }) => metadata.name);
        expect(new Set(names).size, where).toBe(names.length);
        // A service that was away is told, too; else they are the same.
        const again = [...new Set(events())].filter((reason) => !reason.startsWith('Service')).toSorted();
        expect(again, where).toEqual(told);
      }
    }
  });
});
