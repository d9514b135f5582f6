import { chart, escaped, type ChartOptions } from './chart.ts';
import { count, measured, ms, percent, shareOf } from './format.ts';
import { PHASE_COLUMNS, PHASE_NOTE, phaseRows } from './phase-rows.ts';
import type { Comparison, Part, Result } from './result.ts';
import { generatorText, podLines, verdictOf } from './text.ts';

const STYLE = `:root{color-scheme:light dark;--line:#8884;--soft:#8882;--bad:#c62828;--good:#2e7d32}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin-bottom:0}h2{font-size:1.1rem;margin-top:2rem}.about{opacity:.75;margin:.3rem 0 0}
.verdict{font-weight:600;padding:.6rem .9rem;border-left:6px solid;margin:1.2rem 0;background:var(--soft)}
.good{border-color:var(--good)}.bad{border-color:var(--bad)}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}td.broken{color:var(--bad);font-weight:600}
figure{margin:1rem 0}svg{width:100%;height:auto}svg text{font-size:12px;fill:currentColor}svg .title{font-size:14px;font-weight:600}
.grid{stroke:var(--line)}line.limit{stroke:var(--bad);stroke-dasharray:6 4}text.limit{fill:var(--bad)}line.mark{stroke:#9c27b0;stroke-dasharray:3 3}svg text.mark{fill:#9c27b0;font-size:10px}
figcaption span{margin-right:1.2rem}figcaption i{display:inline-block;width:.8em;height:.8em;margin-right:.4em;border-radius:2px}
code{font-size:.9em;overflow-wrap:anywhere}`;

/** The report as one file: no script, nothing from elsewhere. */
export function renderHtml(result: Result): string {
  const { scenario, purpose, target, startedAt, passed, machine, commit, command, traffic } = result;
  const about = [target, startedAt, machine, commit === undefined ? undefined : `commit ${commit.slice(0, 12)}`];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(scenario)}: ${passed ? 'passed' : 'failed'}</title><style>${STYLE}</style>
<h1>${escaped(scenario)}</h1>
<p>${escaped(purpose)}</p>
<p class="about">${about
    .filter((part) => part !== undefined)
    .map(escaped)
    .join(' · ')}</p>
${traffic === undefined ? '' : `<p class="about">${escaped(traffic)}</p>`}
${command === undefined ? '' : `<p class="about"><code>${escaped(command)}</code></p>`}
<p class="verdict ${passed ? 'good' : 'bad'}">${escaped(verdictOf(result))}</p>
${charts(result)}
<h2>By phase</h2>
${phases(result)}
<h2>Promises</h2>
${promises(result)}
<h2>What else was seen</h2>
${facts(result)}
${result.comparison === undefined ? '' : comparison(result.comparison)}
</html>
`;
}

function charts({ parts, phases, faults, p99LimitMs }: Result): string {
  const totalS = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  const perSecond = (of: (part: Part) => number) => parts.map((part) => of(part) / part.seconds);
  const marks = (faults ?? []).map(({ what, atS }) => ({ atS, name: what }));
  const starts = phases.map(({ fromS, name }) => ({ atS: fromS, name }));
  const common = { totalS, marks: marks.length > 0 ? marks : starts } as const;
  const rates: ChartOptions = {
    ...common,
    title: 'Answers',
    unit: 'per second',
    kind: 'stacked',
    series: [
      { name: 'whole', colour: '#2e7d32', values: perSecond(({ accepted, degraded }) => accepted - degraded) },
      { name: 'degraded', colour: '#f9a825', values: perSecond(({ degraded }) => degraded) },
      { name: 'refused (503)', colour: '#78909c', values: perSecond(({ shed }) => shed) },
      { name: 'errors', colour: '#c62828', values: perSecond(({ failed }) => failed) },
    ],
  };
  const latency: ChartOptions = {
    ...common,
    title: 'Latency of accepted answers, from when they were due',
    unit: 'ms',
    kind: 'lines',
    limit: { value: p99LimitMs, name: `p99 limit ${p99LimitMs} ms` },
    series: [
      { name: 'p50', colour: '#1565c0', values: parts.map(({ p50Ms }) => p50Ms) },
      { name: 'p95', colour: '#6a1b9a', values: parts.map(({ p95Ms }) => p95Ms) },
      { name: 'p99', colour: '#d84315', values: parts.map(({ p99Ms }) => p99Ms) },
    ],
  };
  const down = marks.length > 0 ? 'what was done to the platform' : 'beginnings of phases';
  return `${chart(rates)}\n${chart(latency)}\n<p class="about">Lines down: ${down}.</p>`;
}

const phases = (result: Result): string =>
  `${table(PHASE_COLUMNS, phaseRows(result))}<p class="about">${PHASE_NOTE}</p>`;

const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="wide"><table><tr>${titles.map((title) => `<th>${escaped(title)}</th>`).join('')}</tr>
${rows.map((row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`).join('\n')}</table></div>`;

function promises({ promises }: Result): string {
  const rows = promises.map(
    ({ what, measured: value, unit, kept }) =>
      `<tr><td>${escaped(what)}</td><td>${escaped(measured(value, unit))}</td><td${kept ? '' : ' class="broken"'}>${kept ? 'kept' : 'BROKEN'}</td></tr>`,
  );
  return `<div class="wide"><table><tr><th>promise</th><th>measured</th><th></th></tr>${rows.join('\n')}</table></div>`;
}

function facts(result: Result): string {
  const { tiers, all, fromSent, pod, generator, faults } = result;
  const shares = Object.entries(tiers).map(([tier, answers]) => `${tier} ${percent(shareOf(answers, all.accepted))}`);
  const items = [
    `Tiers: ${shares.join(', ')}`,
    generatorText(result),
    `Counted from when they were sent: p50 ${ms(fromSent.p50Ms)} ms, p99 ${ms(fromSent.p99Ms)} ms`,
    ...(pod === undefined ? [] : podLines(pod).map((line) => line.trim())),
    ...(generator === undefined
      ? []
      : [
          `${generator.program} took ${generator.cpuS.toFixed(1)} s of CPU, ${percent(generator.cpuShare)} of what it could use`,
        ]),
    ...(faults ?? []).map(
      ({ what, atS, tookS, problem }) =>
        `${what} at ${atS.toFixed(1)} s ${tookS === null ? `did not work: ${problem ?? 'unknown'}` : `took ${tookS.toFixed(2)} s`}`,
    ),
  ];
  return `<ul>${items.map((item) => `<li>${escaped(item)}</li>`).join('\n')}</ul>`;
}

function comparison({ verdict, why, rate, seconds, rounds }: Comparison): string {
  const rows = rounds.flatMap(({ k6, other }, round) =>
    [k6, other].map((side) => [
      `${round + 1}. ${side.tool}`,
      count(side.perSecond),
      ms(side.p50Ms),
      ms(side.p99Ms),
      count(side.notAccepted),
    ]),
  );
  return `<h2>Confirmed by another tool: ${escaped(verdict)}</h2>
<p>${escaped(why)} At ${count(rate)}/s, ${seconds} s each.</p>
${table(['tool', 'per second', 'p50 ms', 'p99 ms', 'not accepted'], rows)}`;
}
