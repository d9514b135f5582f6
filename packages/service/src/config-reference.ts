import type { TObject } from 'typebox';
import { describeBounds, variableOf, type ConfigProgram } from './config.ts';

const COLUMNS = ['variable', 'meaning', 'default', 'unit', 'accepts'];

/** The table of one program's variables in Markdown, made from its schema. */
export function configTable({ schema, prefix }: ConfigProgram<TObject>): string {
  const rows = Object.entries(schema.properties).map(([key, property]) => {
    const { description, unit = '', default: initial } = property as unknown as KeySchema;
    const shown = initial === '' ? 'empty' : `\`${String(initial)}\``;
    return [`\`${variableOf(key, prefix)}\``, description, shown, unit, describeBounds(property)];
  });
  return table([COLUMNS, ...rows]);
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
