/** Lines of aligned columns; numbers are written as text before. `right`: columns that are aligned to the right. */
export function tableOf(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => widthOf(row[i] ?? ''))));
  return rows
    .map((row) => {
      const cells = widths.map((width, i) => {
        const cell = row[i] ?? '';
        const space = ' '.repeat(width - widthOf(cell));
        return right.includes(i) ? space + cell : cell + space;
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** Characters, not code units; all that we print are one column wide. */
const widthOf = (text: string): number => [...text].length;
