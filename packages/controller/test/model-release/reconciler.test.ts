import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { hasEnded } from '@shortlist/controller/model-release/model-release.ts';
import { ClusterDouble, named } from './cluster-double.ts';

const [A, B, C] = ['r-202611210500-aaaaaaaa', 'r-202611210501-bbbbbbbb', 'r-202611210502-cccccccc'] as const;
const ENOUGH = 40;

let cluster: ClusterDouble;
beforeEach(() => {
  cluster = new ClusterDouble(3);
});

const pods = { rollout: { strategy: 'pods', podShare: 0.34, observeSeconds: 10, loadTimeoutSeconds: 600 } } as const;
const all = (release: string) => [release, release, release];
const condition = (name: string, type: string) => cluster.status(name).conditions?.find((one) => one.type === type);
const untilPhase = async (name: string, phase: string) => {
  for (let tick = 0; cluster.status(name).phase !== phase; tick++) {
    if (tick > ENOUGH) expect.fail(`${name} is ${JSON.stringify(cluster.status(name))}, not ${phase}`);
    await cluster.tick();
  }
};
async function promoted(name: string, release: string): Promise<void> {
  cluster.apply(name, release);
  await untilPhase(name, 'Active');
}

describe('the ModelRelease reconciler', () => {
  it('has all pods load a release, names it in the pod template once, and says that it is served', async () => {
    cluster.apply('a', A);
    await untilPhase('a', 'Active');
    await cluster.ticks(3);
    expect([cluster.template, cluster.writes, cluster.served]).toEqual([named(A), [A], all(A)]);
    expect(cluster.status('a')).toMatchObject({ activeRelease: A, pods: { total: 3, loaded: 3, active: 3 } });
    for (const type of ['Verified', 'Loaded', 'Promoted', 'Ready']) expect(condition('a', type)?.status).toBe('True');
    expect(cluster.events.map((event) => event.split(':')[0])).toEqual(['a Loading', 'a Loaded', 'a Promoted']);
    // Nothing is kept ready, so nothing holds it up when it is deleted.
    expect(cluster.releases.get('a')?.metadata.finalizers).toEqual([]);
  });

  it('writes nothing while nothing changes', async () => {
    await promoted('a', A);
    await cluster.ticks(2);
    const before = structuredClone(cluster.releases.get('a'));
    await cluster.ticks(5);
    expect(cluster.releases.get('a')).toEqual(before);
  });

  it('leaves everything as it is when a pod refuses the release', async () => {
    await promoted('a', A);
    cluster.broken.add(B);
    cluster.apply('b', B);
    await untilPhase('b', 'Failed');
    await cluster.ticks(5);
    expect([cluster.writes, cluster.served]).toEqual([[A], all(A)]);
    expect(condition('b', 'Verified')).toMatchObject({ status: 'False', reason: 'DigestMismatch' });
    expect(condition('b', 'Ready')).toMatchObject({ status: 'False', reason: 'DigestMismatch' });
    expect(cluster.pods.map(({ releases }) => releases.prepared)).toEqual([null, null, null]);
    cluster.broken.delete(B);
    cluster.apply('b', B, { attempt: 2 });
    await untilPhase('b', 'Active');
    expect(cluster.status('b')).toMatchObject({ attempt: 2, previous: named(A) });
  });

  it('gives a canary to one pod first, and takes it back from there when it is not ready', async () => {
    await promoted('a', A);
    cluster.apply('b', B, pods);
    await untilPhase('b', 'Canary');
    await cluster.ticks(2);
    expect([...cluster.served].sort()).toEqual([A, A, B]);
    cluster.pods.find(({ releases }) => releases.active === B)!.isIll = true;
    await untilPhase('b', 'RolledBack');
    cluster.pods.forEach((pod) => (pod.isIll = false));
    await cluster.ticks(3);
    expect([cluster.served, cluster.writes]).toEqual([all(A), [A]]);
    expect(cluster.status('b').reason).toContain('serves it first and is not ready');
  });

  it('promotes a canary that was looked at for long enough, and waits for a person where that is asked', async () => {
    await promoted('a', A);
    cluster.apply('b', B, { ...pods, promote: 'manual' });
    await untilPhase('b', 'AwaitingPromotion');
    await cluster.ticks(10);
    expect([[...cluster.served].sort(), cluster.writes]).toEqual([[A, A, B], [A]]);
    cluster.apply('b', B, pods);
    await untilPhase('b', 'Active');
    await untilPhase('a', 'Superseded');
    expect(cluster.served).toEqual(all(B));
  });

  it('follows kubectl rollout undo, in the midst of a roll-out too, and does not put the release back', async () => {
    await promoted('a', A);
    await promoted('b', B);
    cluster.template = named(A);
    await untilPhase('b', 'Superseded');
    await untilPhase('a', 'Active');
    await cluster.ticks(10);
    expect([cluster.served, cluster.writes]).toEqual([all(A), [A, B]]);

    cluster.apply('c', C, pods);
    await untilPhase('c', 'Promoting');
    for (let tick = 0; cluster.template?.release !== C && tick < ENOUGH; tick++) await cluster.tick();
    await cluster.tick();
    cluster.template = named(A);
    await untilPhase('c', 'Superseded');
    await cluster.ticks(10);
    // Also the canary, which the update had not reached.
    expect([cluster.served, cluster.writes]).toEqual([all(A), [A, B, C]]);
  });

  it('goes back when the experiment that guards it is rolled back, before and after the promotion', async () => {
    await promoted('a', A);
    const experiment = (state: string) =>
      cluster.experiments.set('e', { spec: { variants: [] }, status: { state, decision: 'errors +40 %' } });
    experiment('running');
    cluster.apply('b', B, { guardExperiment: 'e' });
    await untilPhase('b', 'Active');
    experiment('rolled_back');
    await untilPhase('b', 'RolledBack');
    await cluster.ticks(10);
    expect([cluster.served, cluster.writes]).toEqual([all(A), [A, B, A]]);
    expect(condition('b', 'Ready')).toMatchObject({
      reason: 'GuardFailed',
      message: 'experiment e was rolled back: errors +40 %',
    });
    expect(cluster.status('a').phase).toBe('Active');
    cluster.apply('c', C, { guardExperiment: 'e' });
    await untilPhase('c', 'Failed');
  });

  it('goes back when the new pods do not start', async () => {
    await promoted('a', A);
    cluster.apply('b', B, { promote: 'manual' });
    await untilPhase('b', 'AwaitingPromotion');
    cluster.broken.add(B);
    cluster.apply('b', B);
    await untilPhase('b', 'RolledBack');
    await cluster.ticks(10);
    expect([cluster.served, cluster.writes]).toEqual([all(A), [A, B, A]]);
    expect(cluster.status('b').reason).toContain('ProgressDeadlineExceeded');
  });

  it('goes back to no release where none was named', async () => {
    cluster.apply('a', A, { promote: 'manual' });
    await untilPhase('a', 'AwaitingPromotion');
    cluster.broken.add(A);
    cluster.apply('a', A);
    await untilPhase('a', 'RolledBack');
    await cluster.ticks(10);
    expect([cluster.template, cluster.served]).toEqual([null, all('r-of-active-json')]);
  });

  it('lets one release after another to the pods, the oldest first', async () => {
    cluster.apply('b', B);
    cluster.apply('a', A);
    await cluster.ticks(2);
    expect(cluster.status('a')).toMatchObject({ phase: 'Pending', reason: 'it waits for ModelRelease b' });
    await untilPhase('a', 'Active');
    expect([cluster.writes, cluster.status('b').phase]).toEqual([[B, A], 'Superseded']);
  });

  it('leaves nothing behind when it is deleted in the midst of a canary', async () => {
    await promoted('a', A);
    cluster.apply('b', B, pods);
    await untilPhase('b', 'Canary');
    await cluster.ticks(2);
    cluster.delete('b');
    await cluster.ticks(5);
    expect([cluster.served, cluster.releases.has('b')]).toEqual([all(A), false]);
    expect(cluster.pods.map(({ releases }) => releases.prepared)).toEqual([null, null, null]);
    // A pod that nobody reaches does not hold it up for ever.
    cluster.apply('c', C, pods);
    await untilPhase('c', 'Canary');
    cluster.pods[0]!.isReachable = false;
    cluster.delete('c');
    await cluster.ticks(70);
    expect(cluster.releases.has('c')).toBe(false);
  });

  it('fails in its time when a pod never loads it, or there is none', async () => {
    await promoted('a', A);
    cluster.pods[1]!.isReachable = false;
    cluster.apply('b', B);
    await untilPhase('b', 'Loading');
    await cluster.tick(601);
    await untilPhase('b', 'Failed');
    expect(cluster.status('b').reason).toMatch(/not loaded in time by \d of 3 pods: serving-\d+ cannot be asked/);
    expect(cluster.writes).toEqual([A]);
  });
});

describe('whatever fails, is repeated, or is done by others', () => {
  const act = fc.oneof(
    { weight: 6, arbitrary: fc.constant('tick') },
    fc.constantFrom('undo', 'break', 'mend', 'lose a pod', 'ill', 'fail over', 'harm', 'calm', 'delete', 'retry'),
  );

  it('a release gets into the pod template only when all pods had loaded it, and everything comes to rest in one release', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 60 }),
        fc.array(fc.constantFrom('before', 'after', null, null, null, null), { minLength: 1, maxLength: 40 }),
        fc.constantFrom(pods, {}, { guardExperiment: 'e' }),
        async (acts, faults, changes) => {
          cluster = new ClusterDouble(3);
          await promoted('a', A);
          let requests = 0;
          cluster.fault = () => faults[requests++ % faults.length]!;
          const harm = (state: string) => cluster.experiments.set('e', { spec: { variants: [] }, status: { state } });
          harm('running');
          cluster.apply('b', B, changes);
          let attempt = 1;
          let writes = cluster.writes.length;
          for (const one of acts) {
            if (one === 'undo') cluster.template = named(A);
            if (one === 'break') cluster.broken.add(B);
            if (one === 'mend') cluster.broken.delete(B);
            if (one === 'lose a pod') cluster.pods[0]!.isReachable = !cluster.pods[0]!.isReachable;
            if (one === 'ill') cluster.pods.at(-1)!.isIll = !cluster.pods.at(-1)!.isIll;
            if (one === 'fail over') cluster.failOver();
            if (one === 'harm') harm('rolled_back');
            if (one === 'calm') harm('running');
            if (one === 'delete') cluster.delete('b');
            if (one === 'retry' && cluster.releases.has('b')) cluster.apply('b', B, { ...changes, attempt: ++attempt });
            const isServable = cluster.pods.every(({ releases, named: own }) => {
              const { prepared } = releases;
              return own?.release === B || (prepared?.release === B && prepared.state !== 'refused');
            });
            await cluster.tick();
            const written = cluster.writes.slice(writes);
            writes = cluster.writes.length;
            if (written.includes(B)) expect(isServable).toBe(true);
            // Never another one than those two, and never none.
            expect([A, B]).toContain(cluster.template?.release);
          }
          cluster.fault = () => null;
          harm('running');
          cluster.broken.clear();
          cluster.pods.forEach((pod) => Object.assign(pod, { isReachable: true, isIll: false }));
          await cluster.ticks(80);
          expect(cluster.served).toEqual(all(cluster.template!.release));
          const phase = cluster.status('b').phase ?? 'Failed';
          expect(phase === 'Active' || hasEnded(phase), phase).toBe(true);
          expect(phase === 'Active').toBe(cluster.releases.has('b') && cluster.template!.release === B);
        },
      ),
      { numRuns: 60 },
    );
  }, 300_000);
});
