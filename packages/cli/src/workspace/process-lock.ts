import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

const WAIT_MS_MAX = 60_000;
const POLL_MS = 50;
const PINNED = 'pinned';

/** A living process's identity: number and start time, since numbers are used again (soon, in containers). */
export function identify(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined;
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command in parentheses may hold spaces; after it come the state and, as the 20th field, the start time.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // Ended, but its parent (in a container: one that cares for nobody) has not asked how.
    return fields[0] === 'Z' ? undefined : `${pid} ${fields[19]}`;
  } catch {
    return `${pid}`;
  }
}

const SELF = identify(process.pid)!;
export const isAlive = (identity: string): boolean => identify(Number.parseInt(identity, 10)) === identity;

function readOr(path: string, missing: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return missing;
    throw error;
  }
}

/** Takes `file` if nobody has it. The content appears together with the name (link), so no reader sees it empty. */
function tryTake(file: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, SELF);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes the lock of a process that died. Moves it aside first: of several who see it stale, one wins. */
function removeStale(file: string, holder: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  // Somebody took it between our look and our move: give it back.
  if (readOr(aside, '') !== holder) linkSync(aside, file);
  rmSync(aside, { force: true });
}

/**
 * Runs `work` while no other process of this machine does so under the same `file`.
 * A lock left by a dead process is taken over. Throws `workspace_locked` after a minute of waiting.
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!tryTake(file)) {
    const holder = readOr(file, '');
    if (holder !== '' && !isAlive(holder)) removeStale(file, holder);
    else if (performance.now() > deadline) {
      throw new ShortlistError('workspace_locked', { file, pid: Number.parseInt(holder, 10) });
    } else await sleep(POLL_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** How often this process uses the thing of each folder: jobs nest, e.g. an evaluation that trains. */
const USES = new Map<string, number>();

/** The living processes that use one thing, as one file each in `folder`. Call its methods under the lock. */
export class Holders {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** This process uses the thing (once more). */
  add(): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, `${process.pid}`), SELF);
    USES.set(this.#folder, (USES.get(this.#folder) ?? 0) + 1);
  }

  /** This process is done with it; returns true when nobody else uses it. Files of dead processes are cleared away. */
  remove(): boolean {
    const uses = (USES.get(this.#folder) ?? 0) - 1;
    USES.set(this.#folder, Math.max(0, uses));
    if (uses > 0) return false;
    rmSync(join(this.#folder, `${process.pid}`), { force: true });
    return this.living().length === 0;
  }

  /** Counts as one more user that outlives this process, until `unpin`. */
  pin(): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, PINNED), '');
  }

  unpin(): void {
    rmSync(join(this.#folder, PINNED), { force: true });
  }

  living(): string[] {
    mkdirSync(this.#folder, { recursive: true });
    return readdirSync(this.#folder).filter((name) => {
      if (name === PINNED) return true;
      const alive = isAlive(readOr(join(this.#folder, name), ''));
      if (!alive) rmSync(join(this.#folder, name), { force: true });
      return alive;
    });
  }
}
