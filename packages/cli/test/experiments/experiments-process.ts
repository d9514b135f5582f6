import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../src/workspace/free-port.ts';

const MAIN = resolve(import.meta.dirname, '../../../experiments/src/main.ts');
const READY_WITHIN_MS = 30_000;

export interface ExperimentsProcess {
  readonly url: string;
  /** What it logged so far. */
  readonly log: () => string;
  kill(signal?: NodeJS.Signals): Promise<number | null>;
}

/** The real experiments service as a process of its own, on free ports; resolves when it is ready. */
export async function startExperiments(variables: Readonly<Record<string, string>>): Promise<ExperimentsProcess> {
  const port = await freePort('127.0.0.1');
  let log = '';
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN], {
    env: {
      PATH: process.env.PATH,
      SHORTLIST_DATASET: 'demo',
      SHORTLIST_EXPERIMENTS_HTTP_HOST: '127.0.0.1',
      SHORTLIST_EXPERIMENTS_HTTP_PORT: String(port),
      SHORTLIST_EXPERIMENTS_ADMIN_PORT: '0',
      SHORTLIST_EXPERIMENTS_ANALYSIS_EVERY_S: '1',
      SHORTLIST_EXPERIMENTS_PUBLISH_EVERY_MS: '500',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
  const url = `http://127.0.0.1:${port}`;
  const kill = (signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return exited;
  };
  const deadline = Date.now() + READY_WITHIN_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const ready = await fetch(`${url}/health/ready`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return { url, log: () => log, kill };
    await sleep(25);
  }
  if (child.exitCode === null) await kill('SIGKILL');
  throw new Error(`the experiments service did not start:\n${log}`);
}

/** Asks until `wanted` holds of the answer; throws with the last answer after `withinMs`. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean, withinMs = 15_000): Promise<T> {
  for (const deadline = Date.now() + withinMs; ;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}
