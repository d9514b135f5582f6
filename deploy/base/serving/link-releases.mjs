/**
 * Makes the workspace that a ranking pod expects: a folder of its own, where it keeps its last good assignment snapshot
 * and its spool, with links to the releases in the claim that is mounted read-only. Links, not mounts: active.json is
 * replaced by renaming, which a mount of the file would not follow.
 *
 * Usage: node link-releases.mjs CLAIM HOME DATASET
 */
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const [claim, home, dataset] = process.argv.slice(2);
const from = join(claim, 'datasets', dataset);
const to = join(home, 'datasets', dataset);
mkdirSync(to, { recursive: true });
for (const name of ['releases', 'active.json']) {
  // The container may have been started before in this pod.
  rmSync(join(to, name), { force: true });
  symlinkSync(join(from, name), join(to, name));
}
console.log(`${to} shows the releases in ${from}`);
// The pod says what it makes of that: its release may be named by its template.
if (!existsSync(join(from, 'active.json')))
  console.error(`no release of ${dataset} is active; kubectl create job --from=cronjob/train train-now makes one`);
