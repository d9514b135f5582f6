import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { buildTinyRelease, TINY_ITEMS, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { openRegistry } from '../../src/workspace/open-registry.ts';
import { datasetPaths } from '../../src/workspace/paths.ts';
import { runCommand, startCommand, type RunningCommand } from '../run-command.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

/** A known shopper of the tiny shop, who bought and looked at some of its items. */
export const SHOPPER = 'ada';
const SHOPPER_EVENTS = 12;
/** When the tiny release's training data ends. */
const UNTIL_S = 1_700_000_000;

/** A workspace with an imported dataset `tiny` and an active release of it (towers and sources, no ranker). */
export async function tinyShop(): Promise<TemporaryWorkspace> {
  const workspace = temporaryWorkspace();
  const { folder, releases } = datasetPaths(workspace.environment.home, 'tiny');
  await writeTinyRun(join(folder, 'run'), 1, BUILD_FEATURES);
  const { id } = await buildTinyRelease(join(folder, 'run'), releases, { features: BUILD_FEATURES });
  await openRegistry(workspace.environment.home, 'tiny').activate(id);

  const data = mkdtempSync(join(tmpdir(), 'shortlist-data-'));
  const put = (name: string, rows: readonly object[]) =>
    writeFileSync(join(data, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const category = (row: number) => (row % 2 === 0 ? 'books' : 'games');
  put(
    'items.jsonl',
    Array.from({ length: TINY_ITEMS }, (_, row) => ({
      item_id: `item-${row}`,
      title: `Title ${row}`,
      category: category(row),
    })),
  );
  put(
    'events.jsonl',
    Array.from({ length: SHOPPER_EVENTS }, (_, i) => ({
      user_id: SHOPPER,
      item_id: `item-${2 * i}`,
      type: i % 3 === 0 ? 'purchase' : 'view',
      timestamp: UNTIL_S - 3600 * (SHOPPER_EVENTS - i),
    })),
  );
  const { code, stderr } = await runCommand(
    ['import', 'jsonl', '--data', data, '--dataset', 'tiny'],
    workspace.variables,
  );
  rmSync(data, { recursive: true });
  if (code !== 0) throw new Error(`the tiny shop cannot be imported: ${stderr}`);
  return workspace;
}

export interface Ports {
  readonly http: number;
  readonly admin: number;
  readonly ingest: number;
  readonly experiments: number;
  readonly storefront: number;
}

/** Ports that were free a moment ago. */
export async function freePorts(): Promise<Ports> {
  const probes = Array.from({ length: 5 }, () => createServer());
  for (const probe of probes) await once(probe.listen(0, '127.0.0.1'), 'listening');
  const [http, admin, ingest, experiments, storefront] = probes.map((probe) => (probe.address() as AddressInfo).port);
  for (const probe of probes) await once(probe.close(), 'close');
  return { http: http!, admin: admin!, ingest: ingest!, experiments: experiments!, storefront: storefront! };
}

const started: RunningCommand[] = [];

/** Ends what a failed test left running: it would keep the database up for the next one. */
export async function stopAll(): Promise<void> {
  for (const { process, outcome } of started.splice(0)) {
    if (process.exitCode === null && process.signalCode === null) process.kill('SIGTERM');
    await outcome;
  }
}

/** `shortlist up` on the tiny shop; ended by `stopAll` at the latest. */
export function startUp(workspace: TemporaryWorkspace, ports: Ports, ...options: string[]): RunningCommand {
  const { http, admin, ingest, experiments, storefront } = ports;
  const listen = ['--port', `${http}`, '--admin-port', `${admin}`, '--ingest-port', `${ingest}`];
  listen.push('--experiments-port', `${experiments}`, '--storefront-port', `${storefront}`);
  const running = startCommand(['up', '--dataset', 'tiny', ...listen, ...options], workspace.variables);
  started.push(running);
  return running;
}

/** Resolves when it says that all is up. @throws with what it wrote when it ended instead */
export async function untilUp({ process, outcome }: RunningCommand): Promise<void> {
  let said = '';
  const up = new Promise<'up'>((resolve) => {
    process.stdout!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Up.')) resolve('up');
    });
  });
  const ended = await Promise.race([up, outcome]);
  if (ended !== 'up') throw new Error(`up ended: ${JSON.stringify(ended)}`);
}
