import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { creditOf, TEAM_A, TEAM_B, teamDraft } from '../../src/statistics/team-draft.ts';
import { PUBLISHED } from './vectors.ts';

const ranking = fc.uniqueArray(fc.nat(30), { maxLength: 12 });

describe('team draft', () => {
  it.each(PUBLISHED.teamDraft.lists)('makes exactly the published lists of $rankings, length $length', (expected) => {
    const random = seededRandom(1);
    const seen = new Map<string, number>();
    for (let draw = 0; draw < 400; draw++) {
      const { items } = teamDraft(...expected.rankings, expected.length, random);
      seen.set(items.join(), (seen.get(items.join()) ?? 0) + 1);
    }
    expect([...seen.keys()].sort()).toEqual(expected.possible.map((items) => items.join()).sort());
    for (const count of seen.values()) expect(count).toBeGreaterThan((0.6 * 400) / expected.possible.length);
  });

  it('gives each team the items that it put in', () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = seededRandom(seed);
      const { items, teams } = teamDraft([1, 2], [3, 4], 2, random);
      expect(teams[items.indexOf(1)]).toBe(TEAM_A);
      expect(teams[items.indexOf(3)]).toBe(TEAM_B);
    }
  });

  it('repeats no item, keeps each ranker in its order and never lets a team lead by two while both can pick', () => {
    fc.assert(
      fc.property(ranking, ranking, fc.nat(20), fc.nat(), (a, b, length, seed) => {
        const { items, teams } = teamDraft(a, b, length, seededRandom(seed));
        expect(new Set(items).size).toBe(items.length);
        expect(items).toHaveLength(Math.min(length, new Set([...a, ...b]).size));
        for (const [team, own] of [
          [TEAM_A, a],
          [TEAM_B, b],
        ] as const) {
          const places = items.filter((_, i) => teams[i] === team).map((item) => own.indexOf(item));
          expect(places).toEqual([...places].sort((x, y) => x - y));
          expect(places).not.toContain(-1);
        }
        let lead = 0;
        teams.forEach((team, position) => {
          const left = team === TEAM_A ? b : a;
          const other = left.some((item) => !items.slice(0, position).includes(item));
          lead += team === TEAM_A ? 1 : -1;
          if (other) expect(Math.abs(lead)).toBeLessThanOrEqual(1);
          else lead = 0;
        });
      }),
    );
  });

  it('is fair: of equal rankings each team gets the top slot half of the time', () => {
    const random = seededRandom(6);
    let a = 0;
    for (let draw = 0; draw < 10_000; draw++)
      a += Number(teamDraft([1, 2, 3], [1, 2, 3], 3, random).teams[0] === TEAM_A);
    expect(Math.abs(a - 5000)).toBeLessThan(3 * 50);
  });

  it('credits clicks as published', () => {
    const { teams, clicks } = PUBLISHED.teamDraft.credit;
    for (const { positions, winner } of clicks) {
      const { a, b } = creditOf(teams, positions);
      expect(a > b ? 'a' : b > a ? 'b' : 'tie').toBe(winner);
    }
    expect(creditOf([TEAM_A, TEAM_B], [0, 1, 7], (position) => 10 * (position + 1))).toEqual({ a: 10, b: 20 });
  });
});
