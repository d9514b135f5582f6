import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quantile, quantiles } from '@shortlist/serving/observe/quantiles.ts';
import type { PipelineFacts, ReleaseFacts } from '@shortlist/serving/recommender.ts';
import { liveDouble, releasesDouble } from '../recommender-double.ts';
import { post, startPod, type StartedPod } from '../start-pod.ts';

const RELEASE: ReleaseFacts = {
  ageS: 3600,
  dataAgeS: 7200,
  swaps: 2,
  refusals: 1,
  variantsMissing: 0,
  offlineScores: { 'ndcg@20': 0.38 },
};
const PIPELINE: PipelineFacts = {
  late: { rank: 4 },
  dropped: { unavailable: 5 },
  toppedUp: 1,
  failures: 2,
  profilesKept: 9,
  breakers: { redis: { open: true, skipped: 6, failed: 7 } },
};

let pod: StartedPod;
beforeAll(async () => {
  pod = await startPod({}, false);
  const recommender = Object.assign(pod.recommender, { facts: () => PIPELINE });
  const releases = { ...releasesDouble, facts: () => RELEASE };
  const database = { totalCount: 8, idleCount: 0, waitingCount: 3 };
  pod.lifecycle.serve({ recommender, releases, live: liveDouble, database });
  await post(`${pod.url}/recommend`, { user_id: 'degraded' }, { 'x-request-id': 'measured' });
  await post(`${pod.url}/recommend`, { session_id: 'secret-session' });
  await post(`${pod.url}/recommend`, 'no json');
  await fetch(`${pod.url}/secret-path`);
  await post(`${pod.url}/recommend`, 'x'.repeat(2 * 1024 * 1024));
  pod.server.observer.batch(3, 1200);
  pod.server.observer.queueDepth(7);
  pod.server.observer.profileRead('redis', true);
  pod.server.observer.answerCache('trending', 'hit');
});
afterAll(() => pod.server.drain());

describe('/metrics', () => {
  it.each([
    'shortlist_requests_total{route="/recommend",status="200",tier="personalized"} 1',
    'shortlist_requests_total{route="/recommend",status="200",tier="session"} 1',
    'shortlist_requests_total{route="/recommend",status="400",tier=""} 1',
    'shortlist_requests_total{route="unmatched",status="404",tier=""} 1',
    'shortlist_requests_total{route="refused",status="413",tier=""} 1',
    'shortlist_degraded_total{stage="rank"} 1',
    'shortlist_fallback_total{tier="session"} 1',
    'shortlist_stage_duration_seconds_count{stage="rank"} 2',
    'shortlist_request_duration_seconds_count{route="/recommend",tier="personalized"} 1',
    'shortlist_request_duration_seconds_count{route="/recommend",tier=""} 1',
    'shortlist_batch_requests_bucket{le="4"} 1',
    'shortlist_batch_rows_sum 1200',
    'shortlist_queue_depth 7',
    'shortlist_profile_reads_total{tier="redis",found="true"} 1',
    'shortlist_answer_cache_total{cache="trending",outcome="hit"} 1',
    'shortlist_release_info{release="release-1"} 1',
    'shortlist_release_info{release="release-0"} 0',
    'shortlist_live_lag_seconds 0.5',
    'shortlist_out_of_stock_leaks_total 2',
    'shortlist_release_swaps_total 2',
    'shortlist_release_refusals_total 1',
    'shortlist_release_age_seconds 3600',
    'shortlist_release_offline_score{metric="ndcg@20"} 0.38',
    'shortlist_stage_late_total{stage="rank"} 4',
    'shortlist_candidates_dropped_total{reason="unavailable"} 5',
    'shortlist_slates_topped_up_total 1',
    'shortlist_profiles_kept 9',
    'shortlist_breaker_open{breaker="redis"} 1',
    'shortlist_breaker_calls_total{breaker="redis",outcome="skipped"} 6',
    'shortlist_database_connections{state="waiting"} 3',
    `shortlist_build_info{version="test",node="${process.version}"} 1`,
    'shortlist_event_loop_seconds_total{state="active"} ',
    'shortlist_heap_limit_bytes ',
    'nodejs_gc_duration_seconds_bucket{',
    'process_resident_memory_bytes ',
    'nodejs_eventloop_lag_p99_seconds ',
  ])('says %s', async (line) => {
    expect(await (await fetch(`${pod.url}/metrics`)).text()).toContain(line);
  });

  it('carries no id and no text of a client', async () => {
    const text = await (await fetch(`${pod.url}/metrics`)).text();
    expect(text).not.toContain('secret');
    expect(text).not.toContain('measured');
  });
});

describe('the log', () => {
  it('has one line per request at debug: id, route, status, tier, timings; nothing of the shopper', () => {
    const line = pod.lines.find(({ request_id: id }) => id === 'measured');
    expect(line).toMatchObject({
      level: 20,
      method: 'POST',
      route: '/recommend',
      status: 200,
      tier: 'personalized',
      degraded: ['rank'],
      stages_ms: { retrieve: 0.4, rank: 1.2 },
    });
    expect(JSON.stringify(pod.lines)).not.toContain('secret');
    expect(pod.lines.some(({ code }) => code === 'body_malformed')).toBe(true);
  });

  it.each([
    ['0.4', 0],
    ['0.6', 1],
  ])('logs a share of %s of the requests at info', async (share, lines) => {
    const sampled = await startPod({ SHORTLIST_LOG_LEVEL: 'info', SHORTLIST_LOG_REQUESTS_SHARE: share });
    await post(`${sampled.url}/recommend`, { user_id: 'u' });
    expect(sampled.lines).toHaveLength(lines);
    await sampled.server.drain();
  });
});

describe('quantiles of a histogram', () => {
  const buckets = [
    { upper: 1, cumulative: 10 },
    { upper: 2, cumulative: 90 },
    { upper: Infinity, cumulative: 100 },
  ];
  it('interpolates within the bucket', () => {
    expect(quantile(buckets, 0.5)).toBeCloseTo(1.5);
    expect(quantile(buckets, 0.05)).toBeCloseTo(0.5);
  });
  it('sums series that differ in another label', () => {
    const bucket = (tier: string, le: number | '+Inf', value: number) => ({
      ...{ metricName: 'd_bucket', labels: { route: '/recommend', tier, le }, value },
    });
    const values = [bucket('a', 0.1, 0), bucket('a', '+Inf', 10), bucket('b', 0.1, 90), bucket('b', '+Inf', 90)];
    expect(quantiles({ values }, 'route')).toEqual([
      expect.objectContaining({ name: '/recommend', count: 100, p50: expect.closeTo(55.6, 1) }),
    ]);
  });
  it('answers the last finite bound beyond it, and 0 for nothing', () => {
    expect(quantile(buckets, 0.99)).toBe(2);
    expect(quantile([], 0.5)).toBe(0);
  });
});
