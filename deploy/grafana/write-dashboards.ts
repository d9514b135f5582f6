/** Writes deploy/grafana/dashboards from their definitions: `node deploy/grafana/write-dashboards.ts`. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DASHBOARDS, fileOf } from './src/dashboards.ts';

for (const { name, text } of DASHBOARDS.map(fileOf)) writeFileSync(join(import.meta.dirname, 'dashboards', name), text);
