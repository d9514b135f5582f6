import { readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/**
 * What `make bench SUITE=serving JSON=FILE` writes, and a line of its history. Of the results those are read that are called
 * `serving.<items>.<candidates>.<warm|cold>[.<n>p].<figure>`, where `<items>` is like 1000, 100k or 1m, `<n>p` the number of
 * processes (1 where it is absent), each with a core of its own, and `<figure>` one of
 *
 * - `saturation`  answers per second of all processes together, when they never pause
 * - `cpu`         CPU time per answer there, microseconds
 * - `rss`         memory of one process, bytes
 * - `load<u>.p50`, `load<u>.p99`  latency at u % of saturation, open arrivals, from the intended start, milliseconds
 */
const BenchSchema = Type.Object({
  machine: Type.String(),
  commit: Type.String(),
  results: Type.Union([
    Type.Array(Type.Object({ name: Type.String(), median: Type.Number() })),
    Type.Record(Type.String(), Type.Array(Type.Union([Type.Number(), Type.String()]), { minItems: 1 })),
  ]),
});

const NAME =
  /^serving\.(?<items>\d+[km]?)\.(?<candidates>\d+)\.(?<caches>warm|cold)(?:\.(?<processes>\d+)p)?\.(?:(?<figure>saturation|cpu|rss)|load(?<load>\d+)\.(?<quantile>p50|p99))$/;
const MULTIPLES: Readonly<Record<string, number>> = { k: 1e3, m: 1e6 };

export type Caches = 'warm' | 'cold';

/** Latency at a share of saturation. */
export interface Point {
  readonly utilisation: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** One configuration on so many processes with a core each. */
export interface Measured {
  readonly items: number;
  readonly candidates: number;
  readonly caches: Caches;
  readonly processes: number;
  /** Of all processes. */
  readonly saturationRps: number;
  readonly cpuUs: number;
  /** Of one process. */
  readonly rssBytes: number;
  /** By utilisation, ascending; at least one. */
  readonly points: readonly Point[];
}

export interface Measurements {
  readonly source: string;
  readonly machine: string;
  readonly commit: string;
  readonly measured: readonly Measured[];
}

/**
 * Reads a report, or (`.jsonl`) the history of them: there the newest of each configuration counts, of those that were
 * measured on the machine of the last line.
 * @throws `capacity_measurements_invalid`
 */
export async function readMeasurements(file: string): Promise<Measurements> {
  const refuse = (reason: string, cause?: unknown) =>
    new ShortlistError('capacity_measurements_invalid', { file, reason }, { cause });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw refuse((error as Error).message, error);
  });
  let reports: Report[];
  try {
    const documents = file.endsWith('.jsonl') ? text.split('\n').filter((line) => line.trim() !== '') : [text];
    reports = documents.map((document) => reportOf(JSON.parse(document)));
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  const whole = reports.map((report) => ({ ...report, measured: measuredOf(report.results) }));
  const last = whole.findLast(({ measured }) => measured.length > 0);
  if (last === undefined) throw refuse('it holds no whole configuration (saturation, cpu, rss and a load)');
  const newest = new Map<string, Measured>();
  const commits = new Set<string>();
  for (const { machine, commit, measured } of whole.reverse()) {
    if (machine !== last.machine) continue;
    for (const one of measured) {
      if (newest.has(keyOf(one))) continue;
      newest.set(keyOf(one), one);
      commits.add(commit);
    }
  }
  return { source: file, machine: last.machine, commit: [...commits].join(', '), measured: [...newest.values()] };
}

type Report = Omit<Static<typeof BenchSchema>, 'results'> & { readonly results: readonly Figure[] };
interface Figure {
  readonly name: string;
  readonly median: number;
}

const keyOf = ({ items, candidates, caches, processes }: Omit<Measured, 'points'>): string =>
  [items, candidates, caches, processes].join('.');

/** A line of the history has `{name: [median, ...]}` where a report has a list. */
function reportOf(parsed: unknown): Report {
  const [problem] = Value.Errors(BenchSchema, parsed);
  if (problem !== undefined) throw new Error(`${problem.instancePath || '/'} ${problem.message}`);
  const { machine, commit, results } = parsed as Static<typeof BenchSchema>;
  const figures = Array.isArray(results)
    ? results
    : Object.entries(results).map(([name, [median]]) => ({ name, median: Number(median) }));
  return { machine, commit, results: figures };
}

type Draft = { -readonly [K in keyof Measured]?: Measured[K] } & { loads: Map<number, { p50?: number; p99?: number }> };

/** The configurations of which everything is there; other results are of no matter here. */
export function measuredOf(results: readonly Figure[]): Measured[] {
  const drafts = new Map<string, Draft>();
  for (const { name, median } of results) {
    const found = NAME.exec(name)?.groups;
    if (found === undefined || !(median > 0)) continue;
    const { items = '', candidates, caches, processes = '1', figure, load, quantile } = found;
    const key = [items, candidates, caches, processes].join('.');
    let draft = drafts.get(key);
    if (draft === undefined) {
      const count = Number.parseInt(items, 10) * (MULTIPLES[items.at(-1)!] ?? 1);
      const of = { items: count, candidates: Number(candidates), caches: caches as Caches };
      drafts.set(key, (draft = { ...of, processes: Number(processes), loads: new Map() }));
    }
    if (figure === 'saturation') draft.saturationRps = median;
    else if (figure === 'cpu') draft.cpuUs = median;
    else if (figure === 'rss') draft.rssBytes = median;
    else {
      const utilisation = Number(load) / 100;
      const point = draft.loads.get(utilisation) ?? {};
      point[quantile as 'p50' | 'p99'] = median;
      draft.loads.set(utilisation, point);
    }
  }
  return [...drafts.values()].flatMap(({ loads, ...draft }) => {
    const points = [...loads].flatMap(([utilisation, { p50, p99 }]) =>
      p50 === undefined || p99 === undefined ? [] : [{ utilisation, p50Ms: p50, p99Ms: p99 }],
    );
    points.sort((a, b) => a.utilisation - b.utilisation);
    const isWhole =
      points.length > 0 &&
      draft.saturationRps !== undefined &&
      draft.cpuUs !== undefined &&
      draft.rssBytes !== undefined;
    return isWhole ? [{ ...(draft as Omit<Measured, 'points'>), points }] : [];
  });
}
