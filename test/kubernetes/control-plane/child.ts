import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const running = new Set<ChildProcess>();
// Nothing outlives the test runner, however it ends short of SIGKILL.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** One program of the control plane: its process, and its log in a file, which a restart appends to. */
export class Child {
  readonly name: string;
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #log: string;
  #process: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();

  constructor(program: string, args: readonly string[], folder: string) {
    this.name = basename(program);
    this.#program = program;
    this.#args = args;
    this.#log = join(folder, `${this.name}.log`);
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Undefined when it does not run. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  start(): void {
    if (this.#process !== undefined) throw new Error(`${this.name} runs already`);
    const log = openSync(this.#log, 'a');
    const child = spawn(this.#program, this.#args, { stdio: ['ignore', log, log] });
    closeSync(log);
    this.#process = child;
    running.add(child);
    this.#exited = new Promise((resolve) => {
      const ended = (): void => {
        running.delete(child);
        this.#process = undefined;
        resolve();
      };
      child.on('error', ended);
      child.on('exit', ended);
    });
  }

  /** SIGKILL, and waits until it has gone: nothing that it stored is needed afterwards. Nothing when it does not run. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    await this.#exited;
  }

  /** The last lines that it logged. */
  tail(lines = 15): string {
    const text = existsSync(this.#log) ? readFileSync(this.#log, 'utf8') : '';
    return `--- ${this.name}${this.isRunning ? '' : ' (not running)'}\n${text.trimEnd().split('\n').slice(-lines).join('\n')}`;
  }
}
