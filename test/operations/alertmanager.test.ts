import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createProbe, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALERTS, ROOT, type AlertRule } from './alert-rules.ts';
import { failureOf, findTool } from './tool.ts';

const CONFIG = join(ROOT, 'deploy/alertmanager/alertmanager.yaml');
const amtool = findTool('amtool');
const alertmanager = findTool('prometheus-alertmanager', 'alertmanager');
const WITHIN_MS = 60_000;

describe(`routing ${amtool.absent}`, () => {
  it.skipIf(amtool.absent)('is a sound configuration', () => {
    expect(failureOf(amtool.run('check-config', CONFIG))).toBe('');
  });

  it.skipIf(amtool.absent).each(ALERTS.map((rule) => [rule.alert, rule] as const))(
    '%s: a page goes to PagerDuty, a ticket to the Slack channel of its team',
    (alert, { labels: { severity, team } }) => {
      const receiver = severity === 'page' ? 'pagerduty' : `slack-${team}`;
      const labels = [`alertname=${alert}`, `severity=${severity}`, `team=${team}`, 'dataset=demo'];
      expect(amtool.run('config', 'routes', 'test', `--config.file=${CONFIG}`, ...labels).stdout.trim()).toBe(receiver);
    },
  );

  it.skipIf(amtool.absent)('leaves no alert to nobody', () => {
    const { stdout } = amtool.run('config', 'routes', 'test', `--config.file=${CONFIG}`, 'alertname=Unknown');
    expect(stdout.trim()).toBe('slack-platform');
  });

  it('has its secrets in files', () => {
    const text = readFileSync(CONFIG, 'utf8');
    expect(text).not.toMatch(/https?:\/\//);
    const secrets = [...text.matchAll(/^\s*-?\s*([a-z_]*(?:key|url|password|token|secret)[a-z_]*):/gm)].map(
      ([, key]) => key,
    );
    expect(new Set(secrets)).toEqual(new Set(['slack_api_url_file', 'routing_key_file']));
  });
});

/** The real Alertmanager with this configuration, but for the pauses and the addresses of its receivers. */
describe(`a real Alertmanager ${alertmanager.absent}`, () => {
  const received: { readonly path: string; readonly body: string }[] = [];
  let folder: string;
  let receivers: Server;
  let child: ChildProcess | undefined;
  let url: string;
  let log = '';

  beforeAll(async () => {
    if (alertmanager.absent) return;
    folder = mkdtempSync(join(tmpdir(), 'shortlist-alertmanager-'));
    receivers = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        received.push({ path: request.url!, body });
        response.writeHead(request.url === '/pagerduty' ? 202 : 200).end('{"status":"success"}');
      });
    });
    await once(receivers.listen(0, '127.0.0.1'), 'listening');
    const at = `http://127.0.0.1:${(receivers.address() as AddressInfo).port}`;
    mkdirSync(join(folder, 'secrets'));
    writeFileSync(join(folder, 'secrets/slack-webhook-url'), `${at}/slack`);
    writeFileSync(join(folder, 'secrets/pagerduty-routing-key'), 'key-of-the-test');
    const config = readFileSync(CONFIG, 'utf8')
      .replaceAll('/etc/alertmanager/secrets', join(folder, 'secrets'))
      .replace('global:\n', `global:\n  pagerduty_url: ${at}/pagerduty\n`)
      .replaceAll(/group_wait: \d+s/g, 'group_wait: 1s');
    writeFileSync(join(folder, 'alertmanager.yaml'), config);
    const probe = createProbe();
    await once(probe.listen(0, '127.0.0.1'), 'listening');
    const { port } = probe.address() as AddressInfo;
    await once(probe.close(), 'close');
    url = `http://127.0.0.1:${port}`;
    child = spawn(alertmanager.path, [
      `--config.file=${join(folder, 'alertmanager.yaml')}`,
      `--storage.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ]);
    child.stderr!.on('data', (chunk: Buffer) => (log += chunk.toString()));
    await until('ready', () =>
      fetch(`${url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  });
  afterAll(async () => {
    if (child !== undefined) {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
    }
    receivers?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + WITHIN_MS; !(await holds()); await sleep(50))
      if (Date.now() > deadline) throw new Error(`not ${what}:\n${log}`);
  }

  const fire = async (...names: string[]): Promise<void> => {
    const alerts = names.map((name) => {
      const { alert, labels, annotations } = ALERTS.find((rule): rule is AlertRule => rule.alert === name)!;
      return { labels: { alertname: alert, dataset: 'demo', ...labels }, annotations };
    });
    const response = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    });
    expect(response.status).toBe(200);
  };

  it.skipIf(alertmanager.absent)(
    'pages once for both windows of a budget, with the runbook and the key of the file',
    async () => {
      await fire('SlatesSlow1h', 'SlatesSlow6h');
      await until('paged', () => received.some(({ path }) => path === '/pagerduty'));
      const pages = received.filter(({ path }) => path === '/pagerduty');
      expect(pages).toHaveLength(1);
      const page = JSON.parse(pages[0]!.body) as { routing_key: string; links: { href: string }[]; payload: object };
      expect(page).toMatchObject({
        routing_key: 'key-of-the-test',
        event_action: 'trigger',
        payload: { summary: expect.stringMatching(/latency budget.*2 alerts/), class: 'serving', group: 'demo' },
      });
      expect(page.links[0]!.href).toMatch(/docs\/runbooks\/slates-slow\.md$/);
    },
  );

  it.skipIf(alertmanager.absent)('posts tickets to the channel of the team', async () => {
    await fire('EventsRejected');
    await until('posted', () => received.some(({ path, body }) => path === '/slack' && body.includes('rejected')));
    const { body } = received.find((one) => one.path === '/slack' && one.body.includes('rejected'))!;
    expect(JSON.parse(body)).toMatchObject({
      channel: '#shortlist-data',
      attachments: [{ title: 'Many events are rejected', title_link: expect.stringContaining('events-rejected.md') }],
    });
  });

  it.skipIf(alertmanager.absent)('is silent about what another alert explains', async () => {
    await fire('SlatesSlow1h', 'SlatesSlow1d', 'IngestAbsent', 'AggregatorLeaderless', 'ReleaseOld');
    const inhibited = async (): Promise<string[]> => {
      const alerts = (await (await fetch(`${url}/api/v2/alerts`)).json()) as {
        readonly labels: { readonly alertname: string };
        readonly status: { readonly inhibitedBy: readonly string[] };
      }[];
      const silenced = alerts.filter(({ status }) => status.inhibitedBy.length > 0);
      return silenced.map(({ labels }) => labels.alertname).sort();
    };
    await until('inhibited', async () => (await inhibited()).length >= 2);
    expect(await inhibited()).toEqual(['AggregatorLeaderless', 'SlatesSlow1d']);
  });
});
