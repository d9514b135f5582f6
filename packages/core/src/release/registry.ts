import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { ShortlistError } from '../contracts/errors.ts';
import { RELEASE_ID_PATTERN, type ReleaseManifest } from '../contracts/release-manifest.ts';
import { writeAtomically } from './durable-write.ts';
import { readManifest } from './manifest.ts';

/** A release that is being removed has this before its name: half of one is never seen. */
const REMOVED = '.removed-';

/** active.json: which release serves, and which one a rollback goes back to. */
export const ActivePointerSchema = Type.Object(
  {
    active: Type.String({ pattern: RELEASE_ID_PATTERN }),
    previous: Type.Union([Type.String({ pattern: RELEASE_ID_PATTERN }), Type.Null()]),
    changedAt: Type.String({ description: 'ISO 8601, UTC.' }),
  },
  { additionalProperties: false },
);
export type ActivePointer = Static<typeof ActivePointerSchema>;

export interface ReleaseEntry {
  readonly id: string;
  /** Null where it cannot be read; `problem` says why. */
  readonly manifest: ReleaseManifest | null;
  readonly problem: ShortlistError | null;
}

export interface RegistryOptions {
  readonly dataset: string;
  /** Folder with one folder per release. */
  readonly releasesDir: string;
  /** Path of active.json. */
  readonly activePath: string;
  /** For `changedAt`; the system clock by default. */
  readonly now?: () => Date;
}

/** The releases of one dataset in a local folder, and the pointer to the one that serves. */
export class ReleaseRegistry {
  readonly dataset: string;
  readonly #releasesDir: string;
  readonly #activePath: string;
  readonly #now: () => Date;

  constructor(options: RegistryOptions) {
    this.dataset = options.dataset;
    this.#releasesDir = options.releasesDir;
    this.#activePath = options.activePath;
    this.#now = options.now ?? (() => new Date());
  }

  /** Names of the releases, newest first. A folder that a crashed build left has another kind of name. */
  async ids(): Promise<string[]> {
    const pattern = new RegExp(RELEASE_ID_PATTERN);
    const entries = await readdir(this.#releasesDir, { withFileTypes: true }).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    });
    const names = entries.filter((entry) => entry.isDirectory() && pattern.test(entry.name)).map(({ name }) => name);
    return names.sort().reverse();
  }

  /** All releases, newest first, those with an unreadable manifest included. */
  async list(): Promise<ReleaseEntry[]> {
    return Promise.all(
      (await this.ids()).map(async (id) => {
        try {
          return { id, manifest: await this.manifest(id), problem: null };
        } catch (error) {
          if (error instanceof ShortlistError) return { id, manifest: null, problem: error };
          throw error;
        }
      }),
    );
  }

  /** Folder of a release. Errors: `release_not_found`. */
  async dirOf(id: string): Promise<string> {
    const known = await this.ids();
    if (known.includes(id)) return join(this.#releasesDir, id);
    throw new ShortlistError('release_not_found', {
      release: id,
      dataset: this.dataset,
      known: known.slice(0, 10).join(', ') || 'none',
    });
  }

  /** The manifest of a release. Errors: `release_not_found` and those of readManifest. */
  async manifest(id: string): Promise<ReleaseManifest> {
    const manifest = await readManifest(await this.dirOf(id));
    if (manifest.id === id) return manifest;
    throw new ShortlistError('release_manifest_invalid', {
      file: 'manifest.json',
      field: 'id',
      reason: `it says ${manifest.id} in the folder ${id}`,
    });
  }

  /** What serves; null when nothing was ever activated. Errors: `release_manifest_invalid` for a damaged pointer. */
  async pointer(): Promise<ActivePointer | null> {
    let text: string;
    try {
      text = await readFile(this.#activePath, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    let parsed: unknown = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      // Falls through to the schema check, which says what is wrong with it.
    }
    const [problem] = Value.Errors(ActivePointerSchema, parsed);
    if (problem === undefined) return parsed as ActivePointer;
    throw new ShortlistError('release_manifest_invalid', {
      file: 'active.json',
      field: problem.instancePath.slice(1) || '(top)',
      reason: problem.message,
    });
  }

  /** The pointer, or `release_none_active`. */
  async requirePointer(): Promise<ActivePointer> {
    const pointer = await this.pointer();
    if (pointer === null) throw new ShortlistError('release_none_active', { dataset: this.dataset });
    return pointer;
  }

  /**
   * Points to `id`, remembering what served before. It only checks that the release exists: verify and gate it first.
   * Activating what is active changes nothing. Errors: `release_not_found`.
   */
  async activate(id: string): Promise<ActivePointer> {
    await this.dirOf(id);
    const current = await this.pointer().catch((error: unknown) => {
      // A damaged pointer must not keep an operator from setting it right.
      if (error instanceof ShortlistError) return null;
      throw error;
    });
    if (current?.active === id) return current;
    return this.#point(id, current?.active ?? null);
  }

  /** Back to what served before; once more returns. Errors: `release_none_active`, `release_no_previous`, `release_not_found`. */
  async rollback(): Promise<ActivePointer> {
    const current = await this.requirePointer();
    if (current.previous === null) throw new ShortlistError('release_no_previous', { dataset: this.dataset });
    await this.dirOf(current.previous);
    return this.#point(current.previous, current.active);
  }

  /** What `prune` would remove, newest first: all but the `keep` newest, what serves and what a rollback goes back to. */
  async outdated(keep: number): Promise<string[]> {
    const pointer = await this.pointer();
    return (await this.ids()).slice(keep).filter((id) => id !== pointer?.active && id !== pointer?.previous);
  }

  /**
   * Removes what `outdated` names, and what an interrupted call left. Returns the names. A damaged pointer removes nothing.
   * It cannot know what pods and experiments name besides: whoever calls it must.
   * Errors: those of `pointer`.
   */
  async prune(keep: number): Promise<string[]> {
    const removed = await this.outdated(keep);
    for (const id of removed) await rename(join(this.#releasesDir, id), join(this.#releasesDir, `${REMOVED}${id}`));
    const left = (await readdir(this.#releasesDir).catch(() => [])).filter((name) => name.startsWith(REMOVED));
    for (const name of left) await rm(join(this.#releasesDir, name), { recursive: true, force: true });
    return removed;
  }

  async #point(active: string, previous: string | null): Promise<ActivePointer> {
    const pointer: ActivePointer = { active, previous, changedAt: this.#now().toISOString() };
    await mkdir(dirname(this.#activePath), { recursive: true });
    await writeAtomically(this.#activePath, `${JSON.stringify(pointer, null, 2)}\n`);
    return pointer;
  }
}
