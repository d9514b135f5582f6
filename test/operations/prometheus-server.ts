import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../packages/cli/src/workspace/free-port.ts';
import { PROMETHEUS } from './alert-rules.ts';

export interface PrometheusServer {
  /** Series of an instant query. @throws what Prometheus said when it cannot be evaluated */
  query(expr: string): Promise<readonly Series[]>;
  stop(): Promise<void>;
}

interface Series {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [atS: number, value: string];
}

const READY_WITHIN_MS = 60_000;

/** The configuration and the rules of deploy/prometheus in a real Prometheus, but for the targets, and once a second. */
export async function startPrometheus(
  path: string,
  targets: Readonly<Record<string, string>>,
): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-prometheus-'));
  cpSync(PROMETHEUS, folder, { recursive: true });
  const edit = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')));
  edit('prometheus.yaml', (text) => text.replaceAll(/(_interval|_timeout): \d+s/g, '$1: 1s'));
  for (const file of readdirSync(join(folder, 'rules')))
    edit(`rules/${file}`, (text) => text.replaceAll(/^( +)interval: .*$/gm, '$1interval: 1s'));
  rmSync(join(folder, 'targets/alertmanager.yaml'));
  for (const [name, address] of Object.entries(targets))
    writeFileSync(join(folder, `targets/${name}.yaml`), `- targets: ['${address}']\n  labels: { dataset: tiny }\n`);
  const port = await freePort('127.0.0.1');
  const child = spawn(path, [
    `--config.file=${join(folder, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const isReady = () =>
    fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  for (const deadline = Date.now() + READY_WITHIN_MS; !(await isReady()); await sleep(50)) {
    if (child.exitCode === null && Date.now() < deadline) continue;
    await stop();
    throw new Error(`Prometheus did not start:\n${log}`);
  }
  return {
    stop,
    async query(expr) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expr)}`);
      const answer = (await response.json()) as {
        status: string;
        error?: string;
        data?: { result: readonly Series[] };
      };
      if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
      return answer.data!.result;
    },
  };
}
