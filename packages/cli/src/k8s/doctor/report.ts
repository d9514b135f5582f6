import type { Row, RowState } from './row.ts';

const ORDER: readonly RowState[] = ['problem', 'unknown', 'warning', 'ok'];

/** The rows as a person reads them: what needs attention is last, where the cursor is, each with what to do. */
export function doctorReport(
  rows: readonly Row[],
  { namespace, server }: { namespace: string; server: string },
): string {
  const checkWidth = Math.max(...rows.map(({ check }) => check.length), 0);
  const lines = [`Shortlist in namespace ${namespace} of ${server}`, ''];
  for (const state of [...ORDER].reverse()) {
    for (const row of rows.filter((each) => each.state === state)) {
      lines.push(`${row.state.padEnd(8)} ${row.check.padEnd(checkWidth)}  ${row.subject}: ${oneLine(row.reason)}`);
      const indent = ' '.repeat(9 + checkWidth + 2);
      if (row.remedy !== undefined) lines.push(`${indent}do: ${row.remedy}`);
      if (row.page !== undefined) lines.push(`${indent}docs/${row.page}`);
    }
  }
  const counted = ORDER.map((state) => [state, rows.filter((row) => row.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  return `${[...lines, '', counted.join(', ')].join('\n')}\n`;
}

/** Messages of Kubernetes may hold line breaks and whole error chains. */
const oneLine = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 297)}...` : line;
};
