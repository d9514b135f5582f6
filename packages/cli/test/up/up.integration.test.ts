import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Value } from 'typebox/value';
import { RecommendResponseSchema, type RecommendResponse } from '@shortlist/core/contracts/recommend.ts';
import { createCluster } from '../../src/workspace/database.ts';
import { datasetPaths } from '../../src/workspace/paths.ts';
import type { TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { freePorts, SHOPPER, startUp, stopAll, tinyShop, untilUp, type Ports } from './tiny-shop.ts';

let workspace: TemporaryWorkspace;
beforeAll(async () => {
  workspace = await tinyShop();
});
afterEach(stopAll);
afterAll(() => workspace.remove());

const json = async (url: string, init?: RequestInit): Promise<unknown> => (await fetch(url, init)).json();

async function recommend(port: number, body: object): Promise<RecommendResponse> {
  const answer = await json(`http://127.0.0.1:${port}/recommend`, {
    method: 'POST',
    body: JSON.stringify({ ...body, deadline_ms: 10_000 }),
  });
  expect([...Value.Errors(RecommendResponseSchema, answer)]).toEqual([]);
  return answer as RecommendResponse;
}

async function recordsOf({ http }: Ports): Promise<object> {
  const status = (await json(`http://127.0.0.1:${http}/status`)) as { pipeline: { records: object } };
  return status.pipeline.records;
}

async function podPid({ http }: Ports): Promise<number> {
  const status = (await json(`http://127.0.0.1:${http}/status`)) as { process: { pid: number } };
  return status.process.pid;
}

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody has collected yet is no process any more.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

function expectNothingLeft(pid: number): void {
  expect(isAlive(pid)).toBe(false);
  expect(createCluster(workspace.environment).status().running).toBe(false);
}

describe('shortlist up', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    'serves a dataset with database, pod and storefront, and ends with 0 and without leftovers on %s',
    async (signal) => {
      const ports = await freePorts();
      const running = startUp(workspace, ports);
      await untilUp(running);
      const ready = await fetch(`http://127.0.0.1:${ports.http}/health/ready`);
      expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ready' }]);

      // The pod itself, and through the page's server: the same answer, from the shopper's imported events.
      for (const port of [ports.http, ports.storefront]) {
        const asked = { user_id: SHOPPER, num_items: 5, explain: true };
        // Polled: on a busy machine a profile may come later than its stage waits, which is an answer, too.
        await expect.poll(async () => (await recommend(port, asked)).tier, { timeout: 20_000 }).toBe('personalized');
        expect((await recommend(port, asked)).recommendations).toHaveLength(5);
      }
      // What a stranger does reaches the next slate of the visit through the log.
      const click = { session_id: 'visit', item_id: 'item-1', type: 'click' };
      const taken = await json(`http://127.0.0.1:${ports.storefront}/events`, {
        method: 'POST',
        body: JSON.stringify(click),
      });
      expect(taken).toMatchObject({ accepted: 1 });
      await expect
        .poll(async () => (await recommend(ports.http, { session_id: 'visit' })).tier, { timeout: 20_000 })
        .toBe('session');
      const anonymous = { session_id: 's', context: { recent_items: ['item-1', 'item-3'] } };
      expect((await recommend(ports.http, anonymous)).tier).toBe('session');
      expect(await json(`http://127.0.0.1:${ports.storefront}/storefront/shoppers`)).toEqual({
        users: [{ user_id: SHOPPER, label: `${SHOPPER}: 12 events, mostly books` }],
      });
      expect(await (await fetch(`http://127.0.0.1:${ports.storefront}/`)).text()).toContain('<div id="');
      expect((await fetch(`http://127.0.0.1:${ports.admin}/admin/dashboard`)).status).toBe(200);

      // What was shown is on its way into the log, too.
      await expect
        .poll(() => recordsOf(ports), { timeout: 20_000 })
        .toMatchObject({
          waiting: 0,
          dropped: 0,
          rejected: 0,
          sent: expect.toSatisfy((sent: number) => sent >= 5) as number,
        });

      const pid = await podPid(ports);
      running.process.kill(signal);
      expect(await running.outcome).toMatchObject({ code: 0, stderr: '' });
      expectNothingLeft(pid);
    },
  );

  test('passes refusals of the pod on as they are, and says so when a path or the pod is missing', async () => {
    const ports = await freePorts();
    const running = startUp(workspace, ports);
    await untilUp(running);
    const shop = `http://127.0.0.1:${ports.storefront}`;
    const post = (body: string) => json(`${shop}/recommend`, { method: 'POST', body });
    expect(await post('{"user_id":')).toMatchObject({ error: { code: 'body_malformed' } });
    expect(await post('{"user_id":"u","num_items":0}')).toMatchObject({
      error: { code: 'field_invalid', details: { field: 'num_items' } },
    });
    expect(await post(`{"user_id":"${'x'.repeat(10 * 1024 * 1024)}"}`)).toMatchObject({
      error: { code: 'body_too_large', details: { maxBytes: 1024 * 1024 } },
    });
    expect(await json(`${shop}/nothing-here`)).toMatchObject({
      error: { code: 'route_not_found', details: { path: '/nothing-here' } },
    });

    // The pod dies: everything else ends with it, and the reason is told.
    const pid = await podPid(ports);
    process.kill(pid, 'SIGKILL');
    const { code, stderr } = await running.outcome;
    expect(stderr).toMatch(
      /^error pod_ended: The ranking pod ended by itself: it ended with SIGKILL\. Its log is .*pod\.log/,
    );
    expect(code).toBe(2);
    expectNothingLeft(pid);
  });

  test('stops in order when it is told to before all is up', async () => {
    const running = startUp(workspace, await freePorts());
    await expect.poll(() => createCluster(workspace.environment).status().running, { timeout: 20_000 }).toBe(true);
    running.process.kill('SIGTERM');
    expect(await running.outcome).toMatchObject({ code: 0, stdout: '' });
    expect(createCluster(workspace.environment).status().running).toBe(false);
  });

  test('names a port that is taken, whichever of them it is', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const free = await freePorts();
    for (const name of ['http', 'admin', 'ingest', 'experiments', 'storefront'] as const) {
      const { code, stderr } = await startUp(workspace, { ...free, [name]: port }).outcome;
      expect(stderr).toMatch(
        new RegExp(`^error port_in_use: Cannot listen on 127\\.0\\.0\\.1:${port}: another process`),
      );
      expect(code).toBe(2);
    }
    taken.close();
    const twice = await startUp(workspace, { ...free, admin: free.http }).outcome;
    expect(twice).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error field_invalid: .*must differ/) as string,
    });
  });

  test('says why a pod does not start: a rules file with its line, relative to where the command runs', async () => {
    const rules = join(datasetPaths(workspace.environment.home, 'tiny').folder, 'rules.yaml');
    writeFileSync(rules, 'rules:\n  - name: x\n    boosst: {}\n');
    const { code, stderr } = await startUp(workspace, await freePorts(), '--rules', rules).outcome;
    expect(stderr).toMatch(
      /^error pod_start_failed: The ranking pod did not start: rules_invalid: Rules file .*rules\.yaml, line 3: rules\[0\]\.boosst/,
    );
    expect(code).toBe(2);
    expect(createCluster(workspace.environment).status().running).toBe(false);
  });

  test('PostgreSQL down at start is a coded error with host and port', async () => {
    const variables = { ...workspace.variables, DATABASE_URL: 'postgres://nobody:secret@127.0.0.1:9/none' };
    const { code, stderr } = await startUp({ ...workspace, variables }, await freePorts()).outcome;
    expect(stderr).toMatch(/^error database_unreachable: No PostgreSQL at 127\.0\.0\.1:9/);
    expect(stderr).not.toContain('secret');
    expect(code).toBe(2);
  });
});
