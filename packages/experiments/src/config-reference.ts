import { configTable } from '@shortlist/service/config-reference.ts';
import { CONFIG_PROGRAM } from './config.ts';

const INTRODUCTION = `# Configuration of the experiments service

Environment variables of \`node packages/experiments/src/main.ts\`. A value out of bounds, and a \`SHORTLIST_EXPERIMENTS_*\`
variable that it does not know, stop the start with \`config_invalid\`. An empty variable is an absent one.

The command line finds the service at \`SHORTLIST_EXPERIMENTS_URL\` (default \`http://127.0.0.1:8092\`, where \`shortlist up\` starts one)
and sends it \`SHORTLIST_EXPERIMENTS_WRITE_TOKEN\`; the service itself ignores the former.

<!-- Made from packages/experiments/src/config.ts by \`node packages/experiments/scripts/write-config-reference.ts\`. -->

`;

/** `docs/configuration-experiments.md`, made from the schema. */
export function configReference(): string {
  return INTRODUCTION + configTable(CONFIG_PROGRAM);
}
