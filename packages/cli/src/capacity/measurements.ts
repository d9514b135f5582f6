import { readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/**
 * What `make bench SUITE=serving JSON=FILE` writes. Of the results those are read that are called
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
  results: Type.Array(Type.Object({ name: Type.String(), median: Type.Number() })),
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

/** @throws `capacity_measurements_invalid` */
export async function readMeasurements(file: string): Promise<Measurements> {
  const refuse = (reason: string, cause?: unknown) =>
    new ShortlistError('capacity_measurements_invalid', { file, reason }, { cause });
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw refuse((error as Error).message, error);
  });
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw refuse((error as Error).message, error);
  }
  const [problem] = Value.Errors(BenchSchema, parsed);
  if (problem !== undefined) throw refuse(`${problem.instancePath || '/'} ${problem.message}`);
  const { machine, commit, results } = parsed as Static<typeof BenchSchema>;
  const measured = measuredOf(results);
  if (measured.length === 0) throw refuse('it holds no whole configuration (saturation, cpu, rss and a load)');
  return { source: file, machine, commit, measured };
}

type Draft = { -readonly [K in keyof Measured]?: Measured[K] } & { loads: Map<number, { p50?: number; p99?: number }> };

/** The configurations of which everything is there; other results are of no matter here. */
export function measuredOf(results: readonly { readonly name: string; readonly median: number }[]): Measured[] {
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
