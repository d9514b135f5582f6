import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { configReference } from '../src/config-reference.ts';

writeFileSync(resolve(import.meta.dirname, '../../../docs/configuration-controller.md'), configReference());
