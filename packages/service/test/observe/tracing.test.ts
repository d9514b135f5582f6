import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { portsConfig, readConfig, SHARED_CONFIG } from '@shortlist/service/config.ts';
import { createOtlpTracing } from '@shortlist/service/observe/otlp-tracing.ts';
import { openTracing, type Tracing } from '@shortlist/service/observe/tracing.ts';
import { createServicePorts, type ServicePorts } from '@shortlist/service/ports.ts';
import { json } from '@shortlist/service/http/replies.ts';
import type { Route } from '@shortlist/service/routing/route.ts';
import { startOtlpReceiver, type OtlpReceiver } from './otlp-receiver.ts';

const CALLER = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' };
const parent = (flags: string) => ({ traceparent: `00-${CALLER.traceId}-${CALLER.spanId}-${flags}` });

const schema = Type.Object({
  ...SHARED_CONFIG,
  ...portsConfig({ http: 0, admin: 0, adminRoutes: 'nothing' }),
});
const ROUTES: readonly Route<object>[] = [
  {
    ...{ method: 'GET', path: '/things/{id}', port: 'public', summary: '', answers: 'application/json', errors: [] },
    params: Type.Object({ id: Type.String() }),
    handle(call) {
      call.trace.stage('find', 2);
      call.trace.stage('show', 1);
      call.tier = 'session';
      if (call.request.path.endsWith('broken')) throw new ShortlistError('overloaded', { retryAfterS: 1 });
      return json(200, {});
    },
  },
  {
    ...{ method: 'GET', path: '/ping', port: 'public', summary: '', answers: 'application/json', errors: [] },
    handle: () => json(200, {}),
  },
];

let receiver: OtlpReceiver;
const failures: unknown[] = [];
beforeAll(async () => {
  receiver = await startOtlpReceiver();
});
afterAll(() => receiver.close());
beforeEach(() => {
  receiver.spans.length = failures.length = 0;
});

const tracingOf = (share: number, url = `${receiver.url}/v1/traces`): Tracing =>
  createOtlpTracing({
    ...{ url, share, service: 'things', version: '1', dataset: 'demo', chance: () => 0.5 },
    onFailure: (error) => failures.push(error),
  });

describe.each(['uws', 'node'])('traces of a service on %s', (httpServer) => {
  let ports: ServicePorts;
  let lines: Record<string, unknown>[];

  async function start(tracing: Tracing | null): Promise<string> {
    lines = [];
    const config = readConfig(
      { schema, prefix: 'SHORTLIST_' },
      { SHORTLIST_HTTP_HOST: '127.0.0.1', SHORTLIST_LOG_LEVEL: 'debug', SHORTLIST_HTTP_SERVER: httpServer },
    );
    const log = pino(
      { level: 'debug' },
      { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) },
    );
    ports = await createServicePorts<object>({
      ...{ config, log, routes: ROUTES, services: {}, tracing },
      metrics: { finished: () => undefined, aborted: () => undefined },
      onDrain: () => undefined,
    });
    return `http://127.0.0.1:${(await ports.listen()).httpPort}`;
  }
  afterEach(() => ports.drain());

  it('continue that of the caller, with a span for each stage', async () => {
    const tracing = tracingOf(0);
    const url = await start(tracing);
    await fetch(`${url}/things/7`, { headers: { ...parent('01'), 'x-request-id': 'asked' } });
    await tracing.close();
    const request = receiver.spans.find(({ kind }) => kind === 2)!;
    expect(request).toMatchObject({
      ...{
        service: 'things',
        name: 'GET /things/{id}',
        traceId: CALLER.traceId,
        parentSpanId: CALLER.spanId,
        status: 0,
      },
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/things/{id}',
        'http.response.status_code': 200,
        'shortlist.tier': 'session',
        'shortlist.request_id': 'asked',
      },
    });
    const stages = receiver.spans.filter(({ kind }) => kind === 1);
    expect(stages.map(({ name }) => name)).toEqual(['find', 'show']);
    for (const stage of stages) expect(stage).toMatchObject({ traceId: CALLER.traceId, parentSpanId: request.spanId });
    expect(Number(stages[0]!.endNs - stages[0]!.startNs) / 1e6).toBeCloseTo(2, 1);
    expect(lines[0]).toMatchObject({ trace_id: CALLER.traceId });
  });

  it('are not made for a caller who does not trace, nor for probes', async () => {
    const tracing = tracingOf(1);
    const url = await start(tracing);
    await fetch(`${url}/things/7`, { headers: parent('00') });
    await fetch(`${url}/ping`, { headers: parent('01') });
    await tracing.close();
    expect(receiver.spans).toEqual([]);
    expect(lines[0]).not.toHaveProperty('trace_id');
  });

  it('begin by chance where the caller says nothing, or nothing that can be read', async () => {
    const tracing = tracingOf(0.6);
    const url = await start(tracing);
    await fetch(`${url}/things/7`);
    await fetch(`${url}/things/7`, { headers: { traceparent: 'nonsense' } });
    await tracing.close();
    const requests = receiver.spans.filter(({ kind }) => kind === 2);
    expect(requests.map(({ parentSpanId }) => parentSpanId)).toEqual(['', '']);
    expect(new Set(requests.map(({ traceId }) => traceId)).size).toBe(2);
  });

  it('say what failed', async () => {
    const tracing = tracingOf(1);
    const url = await start(tracing);
    await fetch(`${url}/things/broken`);
    await fetch(`${url}/nowhere`);
    await tracing.close();
    const requests = receiver.spans.filter(({ kind }) => kind === 2);
    expect(requests.map(({ name, status }) => [name, status])).toEqual([
      ['GET /things/{id}', 2],
      ['GET unmatched', 0],
    ]);
  });

  it('that cannot be sent hurt nobody', async () => {
    const tracing = tracingOf(1, 'http://127.0.0.1:9/v1/traces');
    const url = await start(tracing);
    expect((await fetch(`${url}/things/7`)).status).toBe(200);
    await tracing.close().catch((error: unknown) => failures.push(error));
    expect(failures.length).toBeGreaterThan(0);
  });
});

describe('tracing', () => {
  it('is off where no collector is configured', async () => {
    const config = { tracesUrl: '', tracesShare: 1, dataset: 'demo' };
    expect(await openTracing(config, { service: 'things', version: '1' }, () => undefined)).toBeNull();
  });

  it('sends the context along with requests to other services, by the same chance', async () => {
    const tracing = tracingOf(0.6);
    const span = tracing.outgoing('POST /elsewhere')!;
    expect(span.headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    span.end('it hung');
    await tracing.close();
    const [sent] = receiver.spans;
    expect(sent).toMatchObject({ name: 'POST /elsewhere', kind: 3, status: 2 });
    expect(span.headers.traceparent).toBe(`00-${sent!.traceId}-${sent!.spanId}-01`);
    expect(tracingOf(0.4).outgoing('POST /elsewhere')).toBeNull();
  });
});
