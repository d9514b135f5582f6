import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const LINES_MAX = 200;

export interface ControllerStatus {
  readonly ready: boolean;
  readonly leading: boolean;
  readonly identity: string;
  readonly kinds: readonly {
    readonly kind: string;
    readonly objects: number;
    readonly waiting: number;
    readonly busy: number;
  }[];
  readonly process: { readonly rss_bytes: number; readonly heap_used_bytes: number };
}

/** One replica of the controller as it runs in a pod: its main program, with free ports. */
export class ControllerProcess {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #url = '';
  #isClosed = false;

  private constructor(variables: Readonly<Record<string, string>>, flags: readonly string[]) {
    this.#child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...flags, MAIN], {
      env: {
        ...{ PATH: process.env.PATH, SHORTLIST_CONTROLLER_HTTP_PORT: '0', SHORTLIST_CONTROLLER_ADMIN_PORT: '0' },
        ...{ SHORTLIST_CONTROLLER_HTTP_HOST: '127.0.0.1', SHORTLIST_DRAIN_MS: '1000' },
        ...variables,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    // Its lines are all read then.
    this.#ended = once(this.#child, 'close').then(() => (this.#isClosed = true));
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      createInterface(stream).on('line', (line) => {
        this.#lines.push(line);
        if (this.#lines.length > LINES_MAX) this.#lines.shift();
      });
  }

  /** `variables`: beside the ports. Resolves when it listens. */
  static async start(
    variables: Readonly<Record<string, string>>,
    flags: readonly string[] = [],
  ): Promise<ControllerProcess> {
    const controller = new ControllerProcess(variables, flags);
    for (;;) {
      const listening = controller.#lines.find((line) => line.includes('"httpPort"'));
      if (listening !== undefined) {
        controller.#url = `http://127.0.0.1:${(JSON.parse(listening) as { httpPort: number }).httpPort}`;
        break;
      }
      if (controller.#isClosed) throw new Error(`the controller ended:\n${controller.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return controller;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Its last lines. */
  get log(): string {
    return this.#lines.join('\n');
  }

  async status(): Promise<ControllerStatus> {
    return (await (await fetch(`${this.#url}/status`)).json()) as ControllerStatus;
  }

  async ready(): Promise<number> {
    return (await fetch(`${this.#url}/health/ready`)).status;
  }

  /** Sum of a metric over the label sets that contain `labels`. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await fetch(`${this.#url}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith(name) && line.includes(labels));
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** When it has ended by itself. */
  async exit(): Promise<{ readonly code: number | null; readonly log: string }> {
    await this.#ended;
    return { code: this.#child.exitCode, log: this.log };
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }

  /** As Kubernetes ends a pod; its exit code. */
  async stop(): Promise<number | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGCONT');
      this.#child.kill('SIGTERM');
    }
    await this.#ended;
    return this.#child.exitCode;
  }
}
