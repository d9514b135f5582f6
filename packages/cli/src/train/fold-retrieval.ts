import { existsSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Catalog } from '@shortlist/core/catalog/catalog.ts';
import type { Parameters } from '@shortlist/core/contracts/parameters.ts';
import type { Profile } from '@shortlist/core/contracts/profile.ts';
import { UserTower } from '@shortlist/core/release/user-tower.ts';
import { CandidateSet } from '@shortlist/core/retrieval/candidate-set.ts';
import { FlatIndex } from '@shortlist/core/retrieval/flat-index.ts';
import { FusionScratch } from '@shortlist/core/retrieval/fusion.ts';
import { loadSources, type SourceSettings } from '@shortlist/core/retrieval/load-sources.ts';
import { candidateCapacity, retrieveCandidates } from '@shortlist/core/retrieval/retrieve.ts';
import type { CandidateSource, SourceQuery } from '@shortlist/core/retrieval/source.ts';

/** Longest slate that is added to the retrieved candidates. */
const SLATE_MAX = 100;

/** A fold's sources behind the same retrieval that serving runs; vectors are searched exactly. */
export class FoldRetrieval {
  readonly catalog: Catalog;
  /** [N, d] unit, or null without towers. */
  readonly itemVectors: Float32Array | null;
  readonly vectorDim: number;
  /** The last request's candidates. */
  readonly candidates: CandidateSet;
  readonly #sources: readonly CandidateSource[];
  readonly #parameters: Parameters;
  readonly #userTower: UserTower | null;
  readonly #scratch: FusionScratch;
  readonly #kept: Int32Array;

  constructor(options: {
    catalog: Catalog;
    sources: readonly CandidateSource[];
    parameters: Parameters;
    itemVectors: Float32Array | null;
    userTower: UserTower | null;
  }) {
    this.catalog = options.catalog;
    this.itemVectors = options.itemVectors;
    this.vectorDim = options.itemVectors ? options.itemVectors.length / options.catalog.count : 0;
    this.#sources = options.sources;
    this.#parameters = options.parameters;
    this.#userTower = options.userTower;
    const capacity = candidateCapacity(options.parameters) + SLATE_MAX;
    this.candidates = new CandidateSet(capacity);
    this.#scratch = new FusionScratch(capacity);
    this.#kept = new Int32Array(capacity);
  }

  /** [d] unit, or null without towers or events. */
  async userVector(profile: Profile, nowS: number): Promise<Float32Array | null> {
    if (!this.#userTower || profile.length === 0) return null;
    return this.#userTower.run([profile], [nowS]);
  }

  /**
   * Fills `candidates` with what serving would rank (only the category asked for, as its filter stage does), then adds what was shown and not retrieved, with the sources' scores
   * and without a rank. A source that fails fails the training: there is nobody to serve a lesser answer to.
   */
  retrieve(query: SourceQuery, shown: Int32Array | null): CandidateSet {
    const set = this.candidates;
    const { failed } = retrieveCandidates(this.#sources, query, this.#parameters, set, this.#scratch);
    if (failed.length > 0) throw failed[0]!.error;
    if (query.category >= 0) this.#keepCategory(query.category);
    const found = set.count;
    for (const row of shown?.subarray(0, SLATE_MAX) ?? []) if (row >= 0 && set.slotOf(row) < 0) set.add(row, 0, 0, 0);
    if (set.count > found)
      for (const source of this.#sources) if (this.#parameters.sources[source.name] > 0) source.score?.(query, set);
    return set;
  }

  #keepCategory(category: number): void {
    const { candidates, catalog } = this;
    let kept = 0;
    for (let c = 0; c < candidates.count; c++)
      if (catalog.categoryCodes[candidates.rows[c]!] === category) this.#kept[kept++] = c;
    candidates.select(this.#kept, kept);
  }

  async close(): Promise<void> {
    await this.#userTower?.close();
  }
}

/** Loads what `fit-sources` wrote into `<dir>/sources`. Errors: `release_file_missing`, `release_file_invalid`. */
export async function loadFoldRetrieval(dir: string, parameters: Parameters): Promise<FoldRetrieval> {
  const catalog = Catalog.fromArrow(await readFile(join(dir, 'items.arrow')));
  const path = (name: string) => join(dir, 'sources', name);
  const settings = JSON.parse(await readFile(path('sources.json'), 'utf8')) as SourceSettings;

  let itemVectors: Float32Array | null = null;
  let userTower: UserTower | null = null;
  if (existsSync(path('item-vectors.f32')) && existsSync(path('user-tower.onnx'))) {
    const bytes = await readFile(path('item-vectors.f32'));
    itemVectors = new Float32Array(new Uint8Array(bytes).buffer);
    const dim = itemVectors.length / catalog.count;
    userTower = await UserTower.open(await readFile(path('user-tower.onnx')), 'user-tower.onnx', itemVectors, dim);
  }
  const towers = itemVectors && { index: new FlatIndex(itemVectors, itemVectors.length / catalog.count), itemVectors };
  const { sources } = loadSources(
    catalog,
    settings,
    (name) => (existsSync(path(name)) ? readFileSync(path(name)) : undefined),
    towers,
  );
  return new FoldRetrieval({ catalog, sources, parameters, itemVectors, userTower });
}
