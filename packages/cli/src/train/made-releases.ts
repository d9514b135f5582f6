import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from './arrow-file.ts';

const FILE = 'release.json';

/** The release that was made of a finished run, if it is still there: the same run makes the same release. */
export async function madeBefore(runDir: string, releasesDir: string): Promise<{ id: string; dir: string } | null> {
  const path = join(runDir, FILE);
  if (!existsSync(path)) return null;
  const { id } = JSON.parse(await readFile(path, 'utf8')) as { id: string };
  const dir = join(releasesDir, id);
  return existsSync(join(dir, 'manifest.json')) ? { id, dir } : null;
}

export async function rememberRelease(runDir: string, id: string): Promise<void> {
  await writeWhole(join(runDir, FILE), `${JSON.stringify({ id })}\n`);
}
