import { configTable } from '@shortlist/service/config-reference.ts';
import { CONFIG_PROGRAM } from './config.ts';

const INTRODUCTION = `# Configuration of the ingest service

Environment variables of \`node packages/ingest/src/main.ts\`. A value out of bounds, and a \`SHORTLIST_INGEST_*\` variable
that it does not know, stop the start with \`config_invalid\`. An empty variable is an absent one.

<!-- Made from packages/ingest/src/config.ts by \`node packages/ingest/scripts/write-config-reference.ts\`. -->

`;

/** `docs/configuration-ingest.md`, made from the schema. */
export function configReference(): string {
  return INTRODUCTION + configTable(CONFIG_PROGRAM);
}
