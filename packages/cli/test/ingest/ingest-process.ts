import { spawn, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/workspace/free-port.ts';

const MAIN = resolve(import.meta.dirname, '../../../ingest/src/main.ts');
const READY_WITHIN_MS = 30_000;

export interface IngestProcess {
  readonly url: string;
  readonly child: ChildProcess;
  /** What it logged so far. */
  readonly log: () => string;
  readonly exited: Promise<number | null>;
  kill(signal?: NodeJS.Signals): Promise<void>;
}

/** The real ingest service as a process of its own, on free ports; resolves when it is ready. */
export async function startIngest(variables: Readonly<Record<string, string>>): Promise<IngestProcess> {
  const port = await freePort('127.0.0.1');
  let log = '';
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
    env: {
      PATH: process.env.PATH,
      SHORTLIST_DATASET: 'demo',
      SHORTLIST_INGEST_HTTP_HOST: '127.0.0.1',
      SHORTLIST_INGEST_HTTP_PORT: String(port),
      SHORTLIST_INGEST_ADMIN_PORT: '0',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const url = `http://127.0.0.1:${port}`;
  const kill = async (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    await exited;
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const ready = await fetch(`${url}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return { url, child, log: () => log, exited, kill };
    await sleep(25);
  }
  if (child.exitCode === null) await kill('SIGKILL');
  throw new Error(`the ingest service did not start:\n${log}`);
}
