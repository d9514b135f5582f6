import { createHash } from 'node:crypto';
import type { CachedAnswers } from './cached-answers.ts';
import type { RankingRequest, ServedSlate } from './ranking-request.ts';

const NAME = 'recommend';

interface KeptSlate {
  readonly ids: readonly string[];
  readonly scores: readonly number[];
  readonly propensities: readonly number[];
  readonly explored: readonly number[];
  readonly sources: readonly string[];
}

/** Where a slate is kept, for `keep` after it was computed. */
export interface SlatePlace {
  readonly key: string;
  readonly version: string;
}

/**
 * Slates of `/recommend` for who asks the same again. The key holds everything that a slate is made of: release,
 * variants, rules, body, and the profile's events, so that the unit's next event leads to another key. What the catalogue changed is asked
 * of each item when a slate is found.
 */
export class SlateCache {
  readonly #answers: CachedAnswers;
  readonly #ttlS: number;
  readonly #rulesVersion: () => string;

  constructor(options: { answers: CachedAnswers; ttlS: number; rulesVersion: () => string }) {
    this.#answers = options.answers;
    this.#ttlS = options.ttlS;
    this.#rulesVersion = options.rulesVersion;
  }

  /**
   * Gives the request its kept slate (true), or says where to keep the one that will be computed; null when it is not one
   * for the cache: made without a part, explained, or Redis is away.
   */
  async find(request: RankingRequest): Promise<true | SlatePlace | null> {
    const { body, degraded, alternatives } = request;
    // What others would have shown is computed with the slate.
    if (alternatives.length > 0) return null;
    if (degraded.length > 0 || body.explain === true || body.why_not !== undefined) return null;
    const key = this.#keyOf(request);
    const found = await this.#answers.find<KeptSlate>(NAME, key);
    const slate = found?.kept ? slateOf(found.kept, request) : null;
    this.#answers.count(NAME, found === null ? 'failure' : slate === null ? 'miss' : 'hit');
    if (found === null) return null;
    if (slate === null) return { key, version: found.version };
    request.slate = slate;
    return true;
  }

  keep({ key, version }: SlatePlace, { degraded, slate, workspace }: RankingRequest): void {
    if (slate === null || degraded.length > 0) return;
    const { itemIds } = workspace.release.catalog;
    const value: KeptSlate = {
      ids: Array.from(slate.rows.subarray(0, slate.count), (row) => itemIds[row]!),
      scores: Array.from(slate.scores.subarray(0, slate.count)),
      propensities: Array.from(slate.propensities.subarray(0, slate.count)),
      explored: Array.from(slate.explored.subarray(0, slate.count)),
      sources: slate.sources,
    };
    this.#answers.keep(NAME, key, { value, version, ttlS: this.#ttlS });
  }

  #keyOf({ body, events, unit, parameters, workspace, enrolments }: RankingRequest): string {
    const { deadline_ms: _, priority: __, ...asked } = body;
    const variants = enrolments.map(({ experiment, version, served }) => [experiment, version, served]);
    const made = [workspace.release.id, variants, this.#rulesVersion(), parameters, unit, asked, events.itemIds];
    return createHash('sha256')
      .update(JSON.stringify(made))
      .update(events.types)
      .update(new Uint8Array(events.timesS.buffer, events.timesS.byteOffset, events.timesS.byteLength))
      .digest('base64url');
  }
}

/** The slate in the release's rows; null when one of its items must not be shown any more. */
function slateOf(kept: KeptSlate, { workspace, allowed }: RankingRequest): ServedSlate | null {
  const { catalog } = workspace.release;
  const rows = Int32Array.from(kept.ids, (id) => catalog.rowOf(id));
  if (rows.some((row) => row < 0 || allowed.againstPinned(row) !== 0)) return null;
  return {
    count: rows.length,
    rows,
    scores: Float32Array.from(kept.scores),
    propensities: Float32Array.from(kept.propensities),
    explored: Uint8Array.from(kept.explored),
    sources: kept.sources,
    placementOf: () => undefined,
    cappedBy: () => null,
    order: new Int32Array(0),
  };
}
