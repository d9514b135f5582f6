import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageConfig } from './engine.ts';

export const WORKSPACE = '/var/lib/shortlist';
const WITHIN_MS = 120_000;

/**
 * A pod's surroundings without an engine: own mounts and processes, the image's tree read-only, /tmp and the workspace
 * writable, the image's user without any capability, no new privileges. The network is this machine's.
 */
const START = `set -eu
root=$1 workspace=$2 user=$3 group=$4 folder=$5
shift 5
mount --bind "$root" "$root"
mount -o remount,ro,bind "$root"
mount -t tmpfs -o mode=1777,size=512m tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755,size=1m tmpfs "$root/dev"
for device in null zero full random urandom; do
  : >"$root/dev/$device"
  mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mount --bind "$workspace" "$root${WORKSPACE}"
exec chroot "$root" setpriv --reuid="$user" --regid="$group" --clear-groups --bounding-set=-all --inh-caps=-all \\
  --no-new-privs -- env -i --chdir="$folder" "$@"
`;

export interface ContainerOptions {
  readonly config: ImageConfig;
  /** The image's tree. */
  readonly root: string;
  /** The folder of this machine that is mounted as the workspace. */
  readonly workspace: string;
  readonly variables?: Readonly<Record<string, string>>;
  /** In place of the image's CMD. */
  readonly args?: readonly string[];
  /** In place of the image's ENTRYPOINT. */
  readonly entrypoint?: readonly string[];
}

type LogLine = Readonly<Record<string, unknown>>;

/** One running image. */
export class Container {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | string>;
  #stdout = '';
  #stderr = '';

  constructor({ config, root, workspace, variables = {}, args, entrypoint }: ContainerOptions) {
    const [user = '0', group = '0'] = config.User.split(':');
    const environment = [...config.Env, ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
    const command = [...(entrypoint ?? config.Entrypoint), ...(args ?? config.Cmd ?? [])];
    const own = ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', START, 'sh'];
    this.#process = spawn(
      'unshare',
      [...own, root, workspace, user, group, config.WorkingDir || '/', ...environment, ...command],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#process.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text));
    this.#process.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text));
    this.#ended = once(this.#process, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** All that it said, for a failure. */
  get said(): string {
    return `${this.#stdout}${this.#stderr}`.trim().split('\n').slice(-20).join('\n');
  }

  /** Lines of its log. */
  lines(): readonly LogLine[] {
    return this.#stdout
      .slice(0, this.#stdout.lastIndexOf('\n') + 1)
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  }

  /** The first line of the log that has this message. @throws when it ends before, or takes too long */
  logged(message: string): Promise<LogLine> {
    return this.#awaited(message, () => this.lines().find(({ msg }) => msg === message));
  }

  /** Resolves once this is on its standard output. @throws when it ends before, or takes too long */
  printed(text: string): Promise<true> {
    return this.#awaited(text, () => this.#stdout.includes(text) || undefined);
  }

  async #awaited<T>(what: string, find: () => T | undefined): Promise<T> {
    for (const untilMs = performance.now() + WITHIN_MS; performance.now() < untilMs; await sleep(50)) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#process.exitCode !== null || this.#process.signalCode !== null) break;
    }
    throw new Error(`it never said '${what}':\n${this.said}`);
  }

  /** Exit code, or signal. @throws when it does not end */
  async ended(): Promise<number | string> {
    const late = sleep(WITHIN_MS, 'late', { ref: false });
    const end = await Promise.race([this.#ended, late]);
    if (end === 'late') throw new Error(`it does not end:\n${this.said}`);
    return end;
  }

  /** What an engine does: the stop signal to process 1 of the container. Resolves to the exit code. */
  async stop(signal: NodeJS.Signals): Promise<number | string> {
    const { pid } = this.#process;
    const first = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    process.kill(Number(first), signal);
    return this.ended();
  }

  /** Whatever it does. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }
}
