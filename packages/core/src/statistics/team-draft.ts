/** Which ranker put an item into the slate. */
export const TEAM_A = 1;
export const TEAM_B = 2;

/** A slate of two rankers: `teams[i]` tells whose item is at position i. */
export interface TeamDraft {
  readonly items: number[];
  readonly teams: number[];
}

/**
 * Interleaves two rankings: the team with fewer items picks next (a coin when equal), and takes its best item that is not
 * there yet. Each user then sees both rankers at once, and clicks tell which one they prefer, with far fewer users than
 * an A/B test needs; but only which, not by how much: screen by this, decide by A/B.
 *
 * `a`, `b`: item rows, best first, distinct within a ranking; either may run out, the other then picks on. `random` in
 * [0, 1): seed it by the request, so that a slate can be made again. O(length). Loads no distribution functions:
 * serving runs it.
 *
 * Source: Radlinski, Kurup, Joachims 2008, algorithm 2.
 */
export function teamDraft(a: ArrayLike<number>, b: ArrayLike<number>, length: number, random: () => number): TeamDraft {
  const items: number[] = [];
  const teams: number[] = [];
  const taken = new Set<number>();
  const next = { [TEAM_A]: 0, [TEAM_B]: 0 };
  let lead = 0;
  const best = (team: typeof TEAM_A | typeof TEAM_B): number | undefined => {
    const ranking = team === TEAM_A ? a : b;
    while (next[team] < ranking.length && taken.has(ranking[next[team]]!)) next[team] += 1;
    return ranking[next[team]];
  };
  while (items.length < length) {
    const aFirst = lead < 0 || (lead === 0 && random() < 0.5);
    let team: typeof TEAM_A | typeof TEAM_B = aFirst ? TEAM_A : TEAM_B;
    let item = best(team);
    if (item === undefined) {
      team = aFirst ? TEAM_B : TEAM_A;
      item = best(team);
      if (item === undefined) break;
    }
    items.push(item);
    teams.push(team);
    taken.add(item);
    lead += team === TEAM_A ? 1 : -1;
  }
  return { items, teams };
}

/** Clicks (or purchases, or their values) on each team's items of one slate. `positions` are 0-based. */
export function creditOf(
  teams: ArrayLike<number>,
  positions: readonly number[],
  worth: (position: number) => number = () => 1,
): { a: number; b: number } {
  const credit = { a: 0, b: 0 };
  for (const position of positions) {
    if (teams[position] === TEAM_A) credit.a += worth(position);
    else if (teams[position] === TEAM_B) credit.b += worth(position);
  }
  return credit;
}
