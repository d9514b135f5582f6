import type { Profile } from '../contracts/profile.ts';
import { EVENT_CODE } from '../contracts/events.ts';
import { CandidateSet } from '../retrieval/candidate-set.ts';
import { FusionScratch } from '../retrieval/fusion.ts';
import { candidateCapacity, retrieveCandidates } from '../retrieval/retrieve.ts';
import type { LoadedRelease } from './loaded-release.ts';
import type { Pace } from './pace.ts';

/** Enough for ONNX Runtime's arena to reach its size and for V8 to compile the sources (a few ms in all). */
const ROUNDS = 10;
const CANDIDATES = 500;

type Warmed = Pick<LoadedRelease, 'catalog' | 'manifest' | 'sources' | 'userTower' | 'ranker' | 'parameters'>;

/** Runs every model and source a few times, so that the first request does not pay for it. */
export async function warmUp(release: Warmed, pace: Pace): Promise<void> {
  const { catalog, sources, userTower, ranker, parameters } = release;
  const profile = someProfile(catalog.count);
  const nowS = profile.timesS[profile.length - 1]! + 60;
  const capacity = candidateCapacity(parameters);
  const candidates = new CandidateSet(catalog.capacity, capacity);
  const scratch = new FusionScratch(capacity);
  const batch = someBatch(release);
  for (let round = 0; round < ROUNDS; round++) {
    const userVector = userTower ? await userTower.run([profile], [nowS]) : null;
    const query = { profile, nowS, category: -1, userVector, excluded: null };
    retrieveCandidates(sources, query, parameters, candidates, scratch);
    await pace.rest();
    await ranker?.int8.run(batch);
    await ranker?.fp32.run(batch);
    await pace.rest();
  }
}

/** Views of items spread over the catalogue. */
function someProfile(itemCount: number): Profile {
  const length = Math.min(20, itemCount);
  return {
    length,
    rows: Int32Array.from({ length }, (_, i) => Math.floor((i * itemCount) / length)),
    types: new Uint8Array(length).fill(EVENT_CODE.view),
    timesS: Float64Array.from({ length }, (_, i) => i),
  };
}

function someBatch({ catalog, manifest }: Warmed) {
  const { user, cross } = manifest.features;
  return {
    requests: 1,
    count: CANDIDATES,
    userFeatures: new Float32Array(user.length),
    crossFeatures: new Float32Array(CANDIDATES * cross.length),
    itemRows: Int32Array.from({ length: CANDIDATES }, (_, i) => (i * 7919) % catalog.count),
    requestIndex: new Int32Array(CANDIDATES),
  };
}
