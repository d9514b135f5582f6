import type { ImportReport } from './run-import.ts';

const number = (value: number) => value.toLocaleString('en-US');
const date = (timeS: number) => new Date(timeS * 1000).toISOString().slice(0, 10);

/** What an import did, for people: per file what was read, dropped, rejected and stored, and what the dataset holds. */
export function reportText({ dataset, files, seconds, events, items, impressions }: ImportReport): string {
  const rows: [string, string][] = [];
  for (const { file, already, resumedAfter, counts, rejectsPath } of files) {
    const how = already
      ? ' (imported before, nothing to do; the figures of then)'
      : resumedAfter > 0
        ? ` (went on after line ${number(resumedAfter)})`
        : '';
    rows.push([`${file}${how}`, '']);
    const { lines = 0, rejected = 0, ...others } = counts;
    rows.push(['  lines', number(lines)]);
    for (const [name, value] of Object.entries(others).sort()) rows.push([`  ${name}`, number(value)]);
    rows.push(['  rejected', rejected === 0 ? '0' : `${number(rejected)}, kept in ${rejectsPath}`]);
  }
  const span = events.events > 0 ? `, ${date(events.firstS)} to ${date(events.lastS)}` : '';
  const lines = rows.map(([name, value]) => (value === '' ? name : `${name.padEnd(52)} ${value}`));
  const fresh = files.filter(({ already }) => !already);
  const read = fresh.reduce((sum, { counts }) => sum + (counts.lines ?? 0), 0);
  const rate = read > 0 ? `, ${number(Math.round(read / seconds))} lines/s` : '';
  return [
    ...lines,
    `dataset ${dataset}: ${number(events.events)} events${span}; ${number(events.users)} users, ` +
      `${number(events.anonymousSessions)} anonymous sessions, ${number(items)} items, ${number(impressions)} slates`,
    `took ${seconds.toFixed(1)} s${rate}`,
  ].join('\n');
}
