import { count, measured, ms, percent, shareOf } from './format.ts';
import { PHASE_COLUMNS, PHASE_NOTE, phaseRows } from './phase-rows.ts';
import type { Comparison, FaultResult, Generator, PodFacts, Result } from './result.ts';

/** The summary that the terminal shows. */
export function renderText(result: Result): string {
  const { scenario, purpose, target, startedAt, machine, commit, traffic, promises } = result;
  const about = [startedAt, machine, commit === undefined ? undefined : `commit ${commit.slice(0, 12)}`];
  const lines = [
    '',
    `${scenario}: ${purpose}`,
    `  ${target}, ${about.filter((part) => part !== undefined).join(', ')}`,
    ...(traffic === undefined ? [] : [`  ${traffic}`]),
    '',
    ...phaseTable(result),
    '',
    `  tiers: ${tiersOf(result)}`,
    `  ${generatorText(result)}`,
    ...(result.faults ?? []).map(faultLine),
    ...(result.pod === undefined ? [] : podLines(result.pod)),
    ...(result.generator === undefined ? [] : [generatorLine(result.generator)]),
    ...(result.comparison === undefined ? [] : comparisonLines(result.comparison)),
    '',
    ...promises.map(
      ({ what, kept, measured: value, unit }) => `  ${kept ? 'yes' : 'NO '}  ${what}  (${measured(value, unit)})`,
    ),
    '',
    verdictOf(result),
    '',
  ];
  return lines.join('\n');
}

/** In one line, the first thing that anybody wants to know. */
export function verdictOf({ passed, promises, scenario }: Pick<Result, 'passed' | 'promises' | 'scenario'>): string {
  if (passed) return `${scenario}: PASSED, ${promises.length} of ${promises.length} promises kept`;
  const broken = promises.filter(({ kept }) => !kept);
  return `${scenario}: FAILED, ${broken.length} of ${promises.length} promises broken: ${broken.map(({ what }) => what).join('; ')}`;
}

function phaseTable(result: Result): string[] {
  const rows = phaseRows(result);
  const widths = PHASE_COLUMNS.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, c) => (c === 0 ? cell.padEnd(widths[c]!) : cell.padStart(widths[c]!))).join('  ')}`;
  return [line(PHASE_COLUMNS), ...rows.map(line), `  ${PHASE_NOTE}`];
}

function tiersOf({ tiers, all }: Result): string {
  const parts = Object.entries(tiers).filter(([, answers]) => answers > 0);
  return parts.map(([tier, answers]) => `${tier} ${percent(shareOf(answers, all.accepted))}`).join(', ') || 'none';
}

function faultLine({ what, atS, tookS, problem }: FaultResult): string {
  const outcome = tookS === null ? `did not work: ${problem ?? 'unknown'}` : `took ${tookS.toFixed(2)} s`;
  return `  ${what} at ${atS.toFixed(1)} s: ${outcome}`;
}

export function podLines({ release, cpuUsPerRequest, samples, ...pod }: PodFacts): string[] {
  const cpu = cpuUsPerRequest === null ? '' : `, ${count(cpuUsPerRequest)} us of CPU a request`;
  const server =
    pod.serverP99Ms === null ? '' : `; its own clock: p50 <= ${ms(pod.serverP50Ms)}, p99 <= ${ms(pod.serverP99Ms)} ms`;
  const lines = [`  pod: release ${release}${cpu}${server}`];
  const without = Object.entries(pod.degradedBy).sort(([, a], [, b]) => b - a);
  if (without.length > 0)
    lines.push(
      `  pod: answers made without ${without.map(([stage, answers]) => `${stage} ${count(answers)}`).join(', ')}`,
    );
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return lines;
  const slope = (value: number | null, unit: string) => (value === null ? '' : ` (${value.toFixed(1)} ${unit}/h)`);
  lines.push(
    `  pod: memory ${first.rssMiB.toFixed(0)} to ${last.rssMiB.toFixed(0)} MiB${slope(pod.rssSlopeMiBPerHour, 'MiB')}, ` +
      `descriptors ${first.descriptors} to ${last.descriptors}${slope(pod.descriptorsSlopePerHour, '')}`,
  );
  return lines;
}

/** A dropped request moves the due times of all that follow. */
export function generatorText({ dropped, planned, rate, lateP99Ms }: Result): string {
  const bound = dropped > 0 ? ` — latencies are up to ${ms((1000 * dropped) / rate)} ms too high` : '';
  return `dropped by the generator: ${count(dropped)} of ${count(planned)}${bound}; it began ${ms(lateP99Ms)} ms late at p99`;
}

const generatorLine = ({ program, cpuS, cpuShare }: Generator): string =>
  `  ${program}: ${cpuS.toFixed(1)} s of CPU, ${percent(cpuShare)} of what it could use${cpuShare > 0.8 ? ' — TOO BUSY: its own waiting is in the figures' : ''}`;

function comparisonLines({ rate, seconds, rounds, verdict, why }: Comparison): string[] {
  const side = ({ tool, p50Ms, p99Ms, perSecond }: Comparison['rounds'][number]['k6']) =>
    `${tool} p50 ${ms(p50Ms)}, p99 ${ms(p99Ms)} at ${count(perSecond)}/s`;
  return [
    `  confirmed by another tool at ${count(rate)}/s, ${seconds} s each: ${verdict.toUpperCase()}. ${why}`,
    ...rounds.map(({ k6, other }) => `    ${side(k6)};  ${side(other)}`),
  ];
}
