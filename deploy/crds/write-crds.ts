/** Writes deploy/base/crds from the contracts: `node deploy/crds/write-crds.ts`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CRD_FILES } from './custom-resources.ts';

const folder = join(import.meta.dirname, '../base/crds');
mkdirSync(folder, { recursive: true });
for (const { name, text } of CRD_FILES) writeFileSync(join(folder, name), text);
