import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf } from '@shortlist/core/assignment/bucket.ts';
import { BUCKETS, type AssignmentSnapshot } from '@shortlist/core/contracts/assignment-snapshot.ts';
import type { RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { redisStores } from '@shortlist/core/stores/redis/stores.ts';
import { experimentOf, layerOf, snapshotOf, variantsOf } from '../../../core/test/assignment/snapshots.ts';
import { buildTinyRelease, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { RedisProcess, SERVERS } from '../../../core/test/stores/redis/redis-process.ts';
import { killChildren, startChild, untilReady, type ChildPod } from '../child-pod.ts';
import { post } from '../start-pod.ts';

const OBEYS = { timeout: 10_000, interval: 50 };
const USERS = Array.from({ length: 100 }, (_, user) => `shopper-${user}`);

/** Real pods, real Redis, two real releases. */
describe('pods that follow an experiment', () => {
  let built: string;
  let [first, second] = ['', ''];
  let home: string;
  let redis: RedisProcess;
  let publisher: RedisConnection;

  beforeAll(async () => {
    built = await mkdtemp(join(tmpdir(), 'experiment-releases-'));
    for (const seed of [1, 2]) await writeTinyRun(join(built, `run-${seed}`), seed, BUILD_FEATURES);
    first = (await buildTinyRelease(join(built, 'run-1'), join(built, 'releases'), { features: BUILD_FEATURES })).id;
    second = (await buildTinyRelease(join(built, 'run-2'), join(built, 'releases'), { features: BUILD_FEATURES })).id;
  });
  afterAll(() => rm(built, { recursive: true }));

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'experiment-home-'));
    const dataset = join(home, 'datasets/demo');
    await cp(join(built, 'releases'), join(dataset, 'releases'), { recursive: true });
    const paths = { releasesDir: join(dataset, 'releases'), activePath: join(dataset, 'active.json') };
    await new ReleaseRegistry({ dataset: 'demo', ...paths }).activate(first);
    redis = await RedisProcess.start(SERVERS[1].program);
    publisher = new RedisConnection(redis.url, { dataset: 'demo' });
    await publisher.check();
  });
  afterEach(async () => {
    killChildren();
    publisher.close();
    await redis.stop();
    await rm(home, { recursive: true });
  });

  const snapshot = (version: number, control: number, release: string): AssignmentSnapshot => {
    const [a, b] = variantsOf([control, BUCKETS - control]);
    const experiment = experimentOf('rankers', { version, startsAtS: 0, variants: [a!, { ...b!, release }] });
    return snapshotOf([layerOf('ranking', [experiment])], { version });
  };
  const publish = (one: AssignmentSnapshot) => redisStores(publisher).assignments.publish(one);
  const start = () =>
    startChild('../src/main.ts', { SHORTLIST_HOME: home, REDIS_URL: redis.url, SHORTLIST_DEADLINE_MS: '60000' });
  const ask = async (pod: ChildPod, user: string) =>
    (await (await post(`${pod.url()}/recommend`, { user_id: user, num_items: 5 })).json()) as RecommendResponse;
  const statusOf = async (pod: ChildPod) => {
    const { pipeline } = (await (await fetch(`${pod.url()}/status`)).json()) as {
      pipeline: { experiments: { version: number; age_s: number; source: string; releases: unknown } };
    };
    return pipeline.experiments;
  };
  /** Release and variant by user, over all users. */
  const answersOf = async (pod: ChildPod) => {
    const answers = await Promise.all(USERS.map((user) => ask(pod, user)));
    return answers.map(({ model_version: release, variant }) => ({ release, variant }));
  };
  const expected = (control: number, served: string) =>
    USERS.map((user) =>
      bucketOf('variant', 'rankers', user) < control
        ? { release: first, variant: 'a' }
        : { release: served, variant: 'b' },
    );

  it('split two releases, obey every change, and keep to the last good snapshot through damage and losses', async () => {
    await publish(snapshot(1, 900_000, second));
    const pods = [start(), start()];
    for (const pod of pods) await untilReady(pod);
    const everyPod = async (answers: { release: string; variant: string }[]) => {
      for (const pod of pods) await expect.poll(() => answersOf(pod), OBEYS).toEqual(answers);
    };
    // From the first request on: a pod is ready once the releases that it needs are there.
    for (const pod of pods) expect(await answersOf(pod)).toEqual(expected(900_000, second));
    expect(await statusOf(pods[0]!)).toMatchObject({
      version: 1,
      source: 'redis',
      experiments: ['rankers'],
      releases: [{ release: second, loaded: true, reason: null }],
    });

    await publish(snapshot(2, 500_000, second));
    await everyPod(expected(500_000, second));

    await publish(snapshot(3, 500_000, 'r-202601010000-00000000'));
    await everyPod(USERS.map(() => ({ release: first, variant: 'a' })));
    expect(await statusOf(pods[1]!)).toMatchObject({
      version: 3,
      releases: [{ loaded: false, reason: expect.stringContaining('release_not_found') as string }],
    });

    await publish(snapshot(4, 200_000, second));
    await everyPod(expected(200_000, second));
    await publisher.client.hset(
      publisher.key('assignments'),
      'text',
      JSON.stringify(snapshot(5, 0, second)).slice(0, 400),
    );
    const refusal = { source: 'redis', reason: expect.stringContaining('snapshot_damaged') as string };
    for (const pod of pods)
      await expect.poll(() => statusOf(pod), OBEYS).toMatchObject({ version: 4, last_refusal: refusal });
    await everyPod(expected(200_000, second));

    await redis.kill();
    const before = (await statusOf(pods[0]!)).age_s;
    await everyPod(expected(200_000, second));
    await expect.poll(async () => (await statusOf(pods[0]!)).age_s, OBEYS).toBeGreaterThan(before + 1);

    expect(await (await fetch(`${pods[1]!.url()}/metrics`)).text()).toMatch(
      /^shortlist_assignment_snapshot_version 4$[^]*^shortlist_assignment_snapshot_age_seconds [1-9]/m,
    );

    // One that starts now knows what the others kept.
    const late = start();
    await untilReady(late);
    expect(await statusOf(late)).toMatchObject({ version: 4, source: 'disk' });
    expect(await answersOf(late)).toEqual(expected(200_000, second));
    await redis.start();
    await expect.poll(() => publish(snapshot(6, 1_000_000, second)).catch(() => 'not yet'), OBEYS).toBe(true);
    pods.push(late);
    await everyPod(USERS.map(() => ({ release: first, variant: 'a' })));
  });
});
