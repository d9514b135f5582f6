import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryExperimentStore } from '@shortlist/core/stores/memory/experiment-store.ts';
import type { Announcement, Channel } from '@shortlist/experiments/announcements/announcement.ts';
import { backoffS, deliverAnnouncements } from '@shortlist/experiments/announcements/deliver.ts';

interface Received {
  readonly path: string;
  readonly delivery: string;
  readonly body: Record<string, unknown>;
}

/** A receiver that fails as it is told: statuses in turn, then 200; `hang` never answers, `drop` cuts the connection. */
async function startReceiver() {
  const received: Received[] = [];
  const script: (number | 'hang' | 'drop')[] = [];
  const read = async (request: IncomingMessage) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk as string;
    return JSON.parse(text) as Record<string, unknown>;
  };
  const server: Server = createServer((request, response) => {
    void read(request).then((body) => {
      received.push({ path: request.url!, delivery: String(request.headers['x-shortlist-delivery']), body });
      const next = script.shift() ?? 200;
      if (next === 'drop') request.socket.destroy();
      else if (next !== 'hang') response.writeHead(next).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${port}`, received, script, close };
}

const announcement: Announcement = {
  ...{ experiment: 'more-diversity', version: 2, phase: 1, decidedAtS: 1_800_000_000, action: 'roll_back' },
  ...{ variant: 'diverse', reason: 'error-rate <rose> & fell', actor: 'service', dryRun: false, from: 'running' },
  ...{ to: 'rolled_back', codeVersion: '0.1.0', decisionId: 7, answers: null },
};

describe('announcements over HTTP', () => {
  let receiver: Awaited<ReturnType<typeof startReceiver>>;
  let store: MemoryExperimentStore;
  let nowS: number;
  const outcomes: string[] = [];
  beforeEach(async () => {
    receiver = await startReceiver();
    store = new MemoryExperimentStore();
    nowS = 1_000;
    outcomes.length = 0;
  });
  afterEach(() => receiver.close());
  const tell = (channel: Channel) => store.addAnnouncement({ channel, body: announcement, nextAttemptAtS: nowS });
  const deliver = (attemptsMax = 5) =>
    deliverAnnouncements({
      store,
      urls: {
        webhook: `${receiver.url}/hook`,
        slack: `${receiver.url}/slack`,
        pagerduty: `${receiver.url}/v2/enqueue`,
      },
      ...{
        attemptsMax,
        timeoutMs: 2_000,
        nowS: () => nowS,
        random: () => 0,
        dataset: 'demo',
        pagerdutyRoutingKey: 'key',
      },
      onOutcome: (channel, outcome, reason) => outcomes.push(`${channel} ${outcome} ${reason}`.trim()),
    });

  it('are sent in the body of each channel', async () => {
    for (const channel of ['webhook', 'slack', 'pagerduty'] as const) await tell(channel);
    await deliver();
    const bodyAt = (path: string) => receiver.received.find((one) => one.path === path)!.body;
    const text = 'Experiment more-diversity (version 2) was rolled back to control: error-rate <rose> & fell.';
    expect(bodyAt('/hook')).toEqual({
      type: 'shortlist.experiment.decision',
      dataset: 'demo',
      text,
      decision: announcement,
    });
    const escaped = text.replace('<rose> & fell', '&lt;rose&gt; &amp; fell');
    expect(bodyAt('/slack')).toMatchObject({
      text: escaped,
      blocks: [{ type: 'section', text: { type: 'mrkdwn', text: escaped } }, {}],
    });
    expect(bodyAt('/v2/enqueue')).toMatchObject({
      ...{ routing_key: 'key', event_action: 'trigger', dedup_key: 'shortlist/demo/more-diversity/7' },
      payload: { summary: text, severity: 'error', source: 'shortlist/demo', component: 'more-diversity' },
    });
    expect(await store.announcementCounts()).toEqual({ waiting: 0, failed: 0 });
  });

  it('close the incident that they answer', async () => {
    const body: Announcement = { ...announcement, action: 'resume', decisionId: 9, answers: 7 };
    await store.addAnnouncement({ channel: 'pagerduty', body, nextAttemptAtS: nowS });
    await deliver();
    expect(receiver.received[0]!.body).toMatchObject({
      ...{ routing_key: 'key', event_action: 'resolve', dedup_key: 'shortlist/demo/more-diversity/7' },
    });
  });

  it('are tried again, later each time, after an error, a hang and a cut connection; under one delivery id', async () => {
    await tell('webhook');
    receiver.script.push(500, 'hang', 'drop', 429);
    for (const waitS of [1, 2, 4, 8]) {
      await deliver();
      nowS += waitS - 0.001;
      await deliver();
      nowS += 0.001;
    }
    expect(receiver.received).toHaveLength(4);
    await deliver();
    expect(outcomes).toEqual([
      'webhook failed HTTP 500',
      expect.stringContaining('timeout') as string,
      expect.stringContaining('fetch failed') as string,
      'webhook failed HTTP 429',
      'webhook delivered',
    ]);
    expect(new Set(receiver.received.map(({ delivery }) => delivery)).size).toBe(1);
    expect(await store.announcementCounts()).toEqual({ waiting: 0, failed: 0 });
  });

  it('are given up when the receiver says that they are wrong, or after the last attempt', async () => {
    await tell('slack');
    receiver.script.push(404);
    await deliver();
    await tell('webhook');
    receiver.script.push(500, 500, 500);
    for (let i = 0; i < 5; i++) {
      await deliver(3);
      nowS += 1_000;
    }
    expect(outcomes.filter((one) => one.includes('given_up'))).toEqual([
      'slack given_up HTTP 404',
      'webhook given_up HTTP 500',
    ]);
    expect(receiver.received).toHaveLength(4);
    expect(await store.announcementCounts()).toEqual({ waiting: 0, failed: 2 });
  });

  it('do not wait for each other: one that hangs holds up nobody else', async () => {
    await tell('webhook');
    await tell('slack');
    receiver.script.push('hang');
    await deliver();
    expect(outcomes.sort()).toEqual([expect.stringContaining(' delivered'), expect.stringContaining(' failed')]);
  });
});

describe('the pause between attempts', () => {
  it('doubles up to five minutes, less up to half of it', () => {
    expect([0, 1, 5, 20].map((attempts) => backoffS(attempts, 0))).toEqual([1, 2, 32, 300]);
    expect(backoffS(20, 1)).toBe(150);
  });
});
