import { retrieveGiven } from '@shortlist/core/retrieval/retrieve-given.ts';
import { retrieveCandidates, type RetrievalNotes } from '@shortlist/core/retrieval/retrieve.ts';
import type { RankingRequest } from '../../ranking-request.ts';
import type { ReleaseWorkspace } from '../../release-workspace.ts';

/** Told of a part that failed while the rest of the stage went on. */
export type OnPartFailure = (part: string, error: unknown) => void;

/** Candidates of requests that share a release: the user tower once for all of them, then each one's sources. */
export async function retrieve(requests: readonly RankingRequest[], onFailure: OnPartFailure): Promise<void> {
  const [first] = requests;
  if (first === undefined) return;
  await setUserVectors(first.workspace, requests, onFailure);
  for (const request of requests) retrieveOne(request, onFailure);
}

/** A profile without events has no vector: its direction would say nothing. */
async function setUserVectors(
  { release }: ReleaseWorkspace,
  requests: readonly RankingRequest[],
  onFailure: OnPartFailure,
): Promise<void> {
  const known = requests.filter(({ profile }) => profile.length > 0);
  const tower = release.userTower;
  if (tower === null || known.length === 0) return;
  try {
    const vectors = await tower.run(
      known.map(({ profile }) => profile),
      known.map(({ nowS }) => nowS),
    );
    known.forEach((request, b) => (request.userVector = vectors.subarray(b * tower.dim, (b + 1) * tower.dim)));
  } catch (error) {
    for (const request of known) request.degrade('retrieve.two_tower');
    onFailure('retrieve.two_tower', error);
  }
}

function retrieveOne(request: RankingRequest, onFailure: OnPartFailure): void {
  const { workspace, parameters, profile, nowS, category, userVector, allowed, given } = request;
  const { release, excluded, fusion } = workspace;
  // Rows that cannot be shown would take the sources' places; the filter stage checks again all the same.
  for (const row of allowed.barred.keys()) excluded[row] = 1;
  try {
    const query = { profile, nowS, category, userVector, excluded: allowed.barred.size > 0 ? excluded : null };
    const { candidates } = request.buffers;
    const notes =
      given === null
        ? retrieveCandidates(release.sources, query, parameters, candidates, fusion)
        : retrieveGiven(release.sources, query, { rows: given, parameters }, candidates, fusion);
    for (const { source, error } of notes.failed) {
      request.degrade(`retrieve.${source}`);
      onFailure(`retrieve.${source}`, error);
    }
    // Every source that a release may lack reads the profile: without one it is not missed.
    if (profile.length > 0) declareMissing(request, notes);
  } finally {
    for (const row of allowed.barred.keys()) excluded[row] = 0;
  }
}

/** A half of the hybrid that is to have a share of the slate, and single sources, that this release cannot give. */
function declareMissing(request: RankingRequest, { absent, lacking }: RetrievalNotes): void {
  for (const half of absent) if (request.parameters.shares[half] > 0) request.degrade(half);
  for (const source of lacking) request.degrade(`retrieve.${source}`);
}
