import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import type { SourceName } from '@shortlist/core/retrieval/source.ts';
import type { RankingRequest } from '../ranking-request.ts';
import { LADDER } from './load-ladder.ts';

const FEWER_CANDIDATES = 200;
const FEWEST_CANDIDATES = 100;
const FEWER_RANKED = 100;
/** They read a list that is there already, whoever asks. */
const LIST_SOURCES: ReadonlySet<SourceName> = new Set(['category', 'trending', 'popular', 'new_items']);

/** What a level of the ladder makes of parameters; each one includes what the ones below it do. */
const LIGHTEN: readonly ((parameters: Parameters) => Parameters)[] = [
  (parameters) => parameters,
  (parameters) => ({
    ...parameters,
    candidatesMax: Math.min(parameters.candidatesMax, FEWER_CANDIDATES),
    rankedMax: Math.min(parameters.rankedMax, FEWER_RANKED),
    sources: sourcesWith(parameters, (_, k) => Math.ceil(k / 2)),
  }),
  (parameters) => ({
    ...parameters,
    candidatesMax: Math.min(parameters.candidatesMax, FEWEST_CANDIDATES),
    sources: sourcesWith(parameters, (_, k) => Math.ceil(k / 2)),
    precision: 'none',
    diversity: { ...parameters.diversity, top: Math.min(parameters.diversity.top, FEWEST_CANDIDATES / 2) },
  }),
  (parameters) => ({
    ...LIGHTEN[2]!(parameters),
    sources: sourcesWith(parameters, (name, k) => (LIST_SOURCES.has(name) ? k : 0)),
  }),
];
const LISTS = LADDER.indexOf('load.lists');

/** By level, then by what it was made from: parameters are few and live as long as their release or snapshot. */
const made = LIGHTEN.map(() => new WeakMap<Parameters, Parameters>());

/**
 * Makes the request, and what other variants would show beside it, as light as `level` asks, and says so in the answer.
 * Nobody's slate passes for a personal one that was taken from lists.
 */
export function lighten(request: RankingRequest, level: number): void {
  if (level === 0) return;
  request.parameters = lighter(request.parameters, level);
  request.alternatives = request.alternatives.map((other) => ({
    ...other,
    parameters: lighter(other.parameters, level),
  }));
  request.degrade(LADDER[level]!);
  if (level === LISTS) request.tier = request.category >= 0 ? 'cold_start_category' : 'trending';
}

export function lighter(parameters: Parameters, level: number): Parameters {
  let light = made[level]!.get(parameters);
  if (light === undefined) made[level]!.set(parameters, (light = LIGHTEN[level]!(parameters)));
  return light;
}

function sourcesWith({ sources }: Parameters, change: (name: SourceName, k: number) => number): Parameters['sources'] {
  const entries = Object.entries(sources).map(([name, k]) => [name, change(name as SourceName, k)]);
  return Object.fromEntries(entries) as Parameters['sources'];
}
