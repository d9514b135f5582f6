import { ConfigSchema, describeBounds, variableOf } from './config.ts';

const INTRODUCTION = `# Configuration of the ranking pod

Environment variables of \`node packages/serving/src/main.ts\`. A value out of bounds, and a \`SHORTLIST_*\` variable that
no program knows, stop the start with \`config_invalid\`. An empty variable is an absent one.

<!-- Made from packages/serving/src/config.ts by \`node packages/serving/scripts/write-config-reference.ts\`. -->

`;

const COLUMNS = ['variable', 'meaning', 'default', 'unit', 'accepts'];

/** `docs/configuration.md`, made from the schema. */
export function configReference(): string {
  const rows = Object.entries(ConfigSchema.properties).map(([key, schema]) => {
    const { description, unit = '', default: initial } = schema as unknown as KeySchema;
    const shown = initial === '' ? 'empty' : `\`${String(initial)}\``;
    return [`\`${variableOf(key)}\``, description, shown, unit, describeBounds(schema)];
  });
  return INTRODUCTION + table([COLUMNS, ...rows]);
}

interface KeySchema {
  readonly description: string;
  readonly unit?: string;
  readonly default: string | number | boolean;
}

/** A Markdown table laid out as the formatter would. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  const [head, ...body] = rows.map((row) => line(row.map((cell, column) => cell.padEnd(widths[column]!))));
  return [head, line(widths.map((width) => '-'.repeat(width))), ...body].join('');
}
