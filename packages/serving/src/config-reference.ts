import { configTable } from '@shortlist/service/config-reference.ts';
import { CONFIG_PROGRAM } from './config.ts';

const INTRODUCTION = `# Configuration of the ranking pod

Environment variables of \`node packages/serving/src/main.ts\`. A value out of bounds, and a \`SHORTLIST_*\` variable that
no program knows, stop the start with \`config_invalid\`. An empty variable is an absent one.

<!-- Made from packages/serving/src/config.ts by \`node packages/serving/scripts/write-config-reference.ts\`. -->

`;

/** `docs/configuration.md`, made from the schema. */
export function configReference(): string {
  return INTRODUCTION + configTable(CONFIG_PROGRAM);
}
