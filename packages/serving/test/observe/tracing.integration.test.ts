import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { STAGES } from '@shortlist/serving/pipeline.ts';
import { buildTinyRelease, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import {
  startOtlpReceiver,
  type OtlpReceiver,
  type ReceivedSpan,
} from '../../../service/test/observe/otlp-receiver.ts';
import { killChildren, startChild, untilReady } from '../child-pod.ts';
import { post } from '../start-pod.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';

let home: string;
let receiver: OtlpReceiver;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'traced-pod-'));
  receiver = await startOtlpReceiver();
  const folder = join(home, 'datasets/demo');
  await writeTinyRun(join(home, 'run'), 1, BUILD_FEATURES);
  const { id } = await buildTinyRelease(join(home, 'run'), join(folder, 'releases'), { features: BUILD_FEATURES });
  const paths = { releasesDir: join(folder, 'releases'), activePath: join(folder, 'active.json') };
  await new ReleaseRegistry({ dataset: 'demo', ...paths }).activate(id);
});
afterAll(async () => {
  killChildren();
  await receiver.close();
  await rm(home, { recursive: true });
});

describe('a real pod that traces', () => {
  it('sends a span for every stage of the table, and the context to ingest', async () => {
    const pod = startChild('../src/main.ts', {
      SHORTLIST_HOME: home,
      SHORTLIST_TRACES_URL: `${receiver.url}/v1/traces`,
      SHORTLIST_TRACES_SHARE: '1',
      SHORTLIST_RECORDS_URL: receiver.url,
    });
    await untilReady(pod);
    const traceparent = `00-${TRACE_ID}-b7ad6b7169203331-01`;
    const response = await post(`${pod.url()}/recommend`, { session_id: 'visit', num_items: 3 }, { traceparent });
    expect(response.status).toBe(200);
    await expect.poll(() => receiver.others.map(({ path }) => path), { timeout: 30_000 }).toContain('/records');
    pod.process.kill('SIGTERM');
    expect(await pod.ended).toBe(0);

    const ours = receiver.spans.filter(({ traceId }) => traceId === TRACE_ID);
    const request = ours.find(({ kind }) => kind === 2)!;
    expect(request).toMatchObject({
      service: 'shortlist-serving',
      name: 'POST /recommend',
      parentSpanId: 'b7ad6b7169203331',
    });
    const stages = ours.filter(({ parentSpanId }) => parentSpanId === request.spanId);
    const byStart = (a: ReceivedSpan, b: ReceivedSpan) => Number(a.endNs - b.endNs);
    expect(stages.sort(byStart).map(({ name }) => name)).toEqual(STAGES.map(({ name }) => name));
    // Within a microsecond of rounding.
    for (const { startNs, endNs } of stages) {
      expect(startNs).toBeGreaterThanOrEqual(request.startNs - 1_000n);
      expect(endNs).toBeLessThanOrEqual(request.endNs + 1_000n);
    }
    expect(
      JSON.stringify(receiver.spans, (_, value: unknown) => (typeof value === 'bigint' ? 0 : value)),
    ).not.toContain('visit');

    const sent = receiver.others.find(({ path }) => path === '/records')!;
    const records = receiver.spans.find(({ name }) => name === 'POST /records')!;
    expect(sent.headers.traceparent).toBe(`00-${records.traceId}-${records.spanId}-01`);
  });
});
