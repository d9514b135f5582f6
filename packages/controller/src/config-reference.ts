import { configTable } from '@shortlist/service/config-reference.ts';
import { CONFIG_PROGRAM } from './config.ts';

const INTRODUCTION = `# Configuration of the controller

Environment variables of \`node packages/controller/src/main.ts\`. A value out of bounds, and a \`SHORTLIST_CONTROLLER_*\`
variable that it does not know, stop the start with \`config_invalid\`. An empty variable is an absent one.

<!-- Made from packages/controller/src/config.ts by \`node packages/controller/scripts/write-config-reference.ts\`. -->

`;

/** `docs/configuration-controller.md`, made from the schema. */
export function configReference(): string {
  return INTRODUCTION + configTable(CONFIG_PROGRAM);
}
