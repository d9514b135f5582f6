import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What turns data into models: other code makes other models of the same data. Features have a version of their own. */
const FOLDERS = ['models/shortlist_models', 'packages/cli/src/train', 'packages/core/src/retrieval/sources'];

/** sha256 of the code that fits models and replays requests; a run made by other code is not gone on with. */
export async function codeDigest(repository: string): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of FOLDERS) {
    const names = await readdir(join(repository, folder), { recursive: true });
    for (const name of names.filter((name) => /\.(?:py|ts)$/.test(name)).sort())
      hash.update(`${folder}/${name}\n`).update(await readFile(join(repository, folder, name)));
  }
  return hash.digest('hex');
}
