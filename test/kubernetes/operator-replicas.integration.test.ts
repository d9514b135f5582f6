/** Two replicas of the controller and their Lease on a real API server: who leads, and who takes over. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../packages/controller/test/until.ts';
import { findBinaries } from './control-plane/binaries.ts';
import type { ControllerProcess } from '../../packages/controller/test/controller-process.ts';
import { experimentOf, NAMESPACE, OperatorBench } from './operator-bench.ts';

const { absent } = findBinaries('full');
const LEASE = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases/shortlist-controller`;
/** What the SRE is promised. */
const FAILOVER_MAX_S = 15;

interface LeaseSpec {
  readonly holderIdentity: string;
  readonly acquireTime: string;
  readonly renewTime: string;
  readonly leaseTransitions: number;
}

let bench: OperatorBench;
beforeAll(async () => {
  if (!absent) bench = await OperatorBench.start();
}, 300_000);
afterEach(async () => {
  if (absent) return;
  await bench.clear();
  await bench.plane.request('DELETE', LEASE).catch(() => undefined);
});
afterAll(() => bench?.stop());

const lease = async (): Promise<LeaseSpec> => (await bench.plane.request<{ spec: LeaseSpec }>('GET', LEASE)).spec;

/** Two replicas with the times that they have by default. */
async function replicas(): Promise<{ leader: ControllerProcess; standby: ControllerProcess; held: LeaseSpec }> {
  const both = [
    await bench.controller({ SHORTLIST_CONTROLLER_IDENTITY: 'first' }),
    await bench.controller({ SHORTLIST_CONTROLLER_IDENTITY: 'second' }),
  ];
  await until('one leads', async () =>
    (await Promise.all(both.map((one) => one.status()))).some(({ leading }) => leading),
  );
  const isLeading = (await Promise.all(both.map((one) => one.status()))).map(({ leading }) => leading);
  expect(isLeading.filter(Boolean)).toHaveLength(1);
  const [leader, standby] = isLeading[0]! ? [both[0]!, both[1]!] : [both[1]!, both[0]!];
  const held = await lease();
  expect(held.holderIdentity).toBe((await leader.status()).identity);
  return { leader, standby, held };
}

const untilLeads = (standby: ControllerProcess) =>
  until('the other one leads', async () => (await standby.status()).leading, 120_000);

/** From the last sign of the old leader to the new one's acquisition, as the lease says. */
const failoverS = (last: LeaseSpec, next: LeaseSpec): number =>
  (Date.parse(next.acquireTime) - Date.parse(last.renewTime)) / 1000;

describe(`two replicas on a real API server ${absent}`, { timeout: 600_000 }, () => {
  it.skipIf(absent)('have one leader; the other is ready, and does nothing', async () => {
    const { leader, standby } = await replicas();
    await bench.create(experimentOf('one'));
    await bench.untilState(['one'], 'running');
    expect(bench.historyOf('one')).toEqual(['create', 'start']);
    expect(await standby.ready()).toBe(200);
    expect([
      await leader.metric('shortlist_controller_leading'),
      await standby.metric('shortlist_controller_leading'),
    ]).toEqual([1, 0]);
    expect(await standby.metric('shortlist_controller_reconcile_duration_seconds_count')).toBe(0);
  });

  it.skipIf(absent)('change the lead at once when the leader is ended as Kubernetes ends a pod', async () => {
    const { leader, standby, held } = await replicas();
    expect(await leader.stop()).toBe(0);
    await untilLeads(standby);
    expect(await lease()).toMatchObject({ leaseTransitions: held.leaseTransitions + 1 });
    await bench.create(experimentOf('one'));
    await bench.untilState(['one'], 'running');
  });

  it.skipIf(absent)('change the lead within 15 s when the leader dies at work, and do nothing twice', async () => {
    const { leader, standby } = await replicas();
    const names = Array.from({ length: 60 }, (_, i) => `e-${i}`);
    for (const name of names) await bench.create(experimentOf(name));
    await until('it is at work', () => bench.service.history.length > 30);
    await leader.kill();
    const last = await lease();
    await untilLeads(standby);
    const next = await lease();
    expect(next.holderIdentity).toBe((await standby.status()).identity);
    const seconds = failoverS(last, next);
    console.log(`failover ${seconds.toFixed(1)} s after the last renewal`);
    expect(seconds).toBeLessThanOrEqual(FAILOVER_MAX_S);
    await bench.untilState(names, 'running');
    for (const name of names) {
      expect(bench.historyOf(name)).toEqual(['create', 'start']);
      expect((await bench.events(name)).map(({ reason }) => reason)).toEqual(['Running']);
    }
  });

  it.skipIf(absent)('let a leader that was suspended do nothing any more when it wakes up', async () => {
    const { leader, standby, held } = await replicas();
    const names = Array.from({ length: 40 }, (_, i) => `e-${i}`);
    for (const name of names) await bench.create(experimentOf(name));
    await until('it is at work', () => bench.service.history.length > 10);
    leader.signal('SIGSTOP');
    await untilLeads(standby);
    await bench.untilState(names, 'running');
    const done = bench.service.history.length;
    leader.signal('SIGCONT');
    await until('it knows', async () => !(await leader.status()).leading);
    await bench.create(experimentOf('later'));
    await bench.untilState(['later'], 'running');
    expect(bench.service.history.slice(done).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'create later',
      'start later',
    ]);
    for (const name of names) expect(bench.historyOf(name)).toEqual(['create', 'start']);
    expect((await lease()).holderIdentity).not.toBe(held.holderIdentity);
  });

  it.skipIf(absent)('lead again after the API server was killed, one of them', async () => {
    const { leader, standby } = await replicas();
    await bench.plane.killApiServer();
    await until(
      'nobody leads',
      async () => !(await leader.status()).leading && !(await standby.status()).leading,
      120_000,
    );
    await bench.plane.startApiServer();
    await until('one leads', async () => {
      const both = [(await leader.status()).leading, (await standby.status()).leading];
      expect(both.filter(Boolean).length).toBeLessThanOrEqual(1);
      return both.includes(true);
    });
    await bench.create(experimentOf('one'));
    await bench.untilState(['one'], 'running');
    expect(bench.historyOf('one')).toEqual(['create', 'start']);
  });
});
