import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import { RedisConnection } from '@shortlist/core/stores/redis/connection.ts';
import { killChildren, type ChildPod } from '../../../serving/test/child-pod.ts';
import { LiveShop } from './live-shop.ts';

const SOON = { timeout: 10_000, interval: 50 };

/** Real pods, which keep profiles in memory for half a minute, over a real Valkey, PostgreSQL and ingest service. */
describe('what a shopper does', () => {
  let shop: LiveShop;
  let pods: ChildPod[];
  let redis: RedisConnection;
  beforeAll(async () => {
    shop = await LiveShop.open();
    pods = [await shop.startPod(), await shop.startPod()];
    redis = new RedisConnection(shop.redis.url, { dataset: 'live' });
    await redis.check();
  });
  afterAll(async () => {
    redis.close();
    killChildren();
    await shop.close();
  });

  const ask = async (pod: ChildPod, unit: object): Promise<RecommendResponse> => {
    const response = await fetch(`${pod.url()}/recommend`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...unit, num_items: 50 }),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as RecommendResponse;
  };
  const everywhere = <T>(unit: object, of: (answer: RecommendResponse) => T) =>
    Promise.all(pods.map(async (pod) => of(await ask(pod, unit))));
  const tiersOf = (unit: object) => everywhere(unit, ({ tier }) => tier);
  const event = (more: object) =>
    shop.send('POST', '/events', { event_id: crypto.randomUUID(), timestamp: Date.now() / 1000, ...more });

  it('is in the next slate of every pod, also of those that knew him as a stranger', async () => {
    expect(await tiersOf({ user_id: 'ann' })).toEqual(['trending', 'trending']);
    await event({ user_id: 'ann', item_id: 'item-3', type: 'view' });
    await expect.poll(() => tiersOf({ user_id: 'ann' }), SOON).toEqual(['personalized', 'personalized']);
  });

  it('hides what he hid, and so for the session that he was', async () => {
    const shows = (unit: object) =>
      everywhere(unit, ({ recommendations }) => recommendations.some(({ item_id }) => item_id === 'item-8'));
    await event({ session_id: 'visit', item_id: 'item-4', type: 'view' });
    await expect.poll(() => tiersOf({ session_id: 'visit' }), SOON).toEqual(['session', 'session']);
    expect(await shows({ session_id: 'visit' })).toEqual([true, true]);
    await event({ session_id: 'visit', item_id: 'item-8', type: 'hide' });
    await expect.poll(() => shows({ session_id: 'visit' }), SOON).toEqual([false, false]);
    await tiersOf({ user_id: 'bob' });
    await shop.send('POST', '/users/merge', { session_id: 'visit', user_id: 'bob' });
    await expect.poll(() => shows({ user_id: 'bob' }), SOON).toEqual([false, false]);
  });

  it('is forgotten with him: no pod and no key of Redis knows him', async () => {
    await shop.send('DELETE', '/users/ann', undefined);
    const keysOfAnn = async () => (await redis.client.keys('*')).filter((key) => key.includes('ann'));
    await expect.poll(keysOfAnn, SOON).toEqual([]);
    await expect.poll(() => tiersOf({ user_id: 'ann' }), SOON).toEqual(['trending', 'trending']);
  });

  it('is served without Redis, which the answer says, and with it again when it is back', async () => {
    await shop.redis.kill();
    await expect
      .poll(() => everywhere({ user_id: 'bob' }, ({ degraded }) => degraded.includes('profile_cache')), SOON)
      .toEqual([true, true]);
    expect(await tiersOf({ user_id: 'bob' })).toEqual(['personalized', 'personalized']);
    await shop.redis.start();
    await expect
      .poll(() => everywhere({ user_id: 'bob' }, ({ degraded }) => degraded.includes('profile_cache')), SOON)
      .toEqual([false, false]);
    // The projector finds its way back, too.
    await event({ user_id: 'cy', item_id: 'item-3', type: 'view' });
    await expect.poll(() => tiersOf({ user_id: 'cy' }), SOON).toEqual(['personalized', 'personalized']);
    const status = (await (await fetch(`${pods[0]!.url()}/status`)).json()) as { pipeline: Record<string, unknown> };
    expect(status.pipeline.profile_cache).toMatchObject({
      hit_rates: { memory: expect.any(Number), redis: expect.any(Number), log: expect.any(Number) },
      redis: { breaker: 'closed' },
    });
  });
});
