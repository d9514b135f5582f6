import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { RecommendRequestSchema, type RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import { drawTraffic, zipfExponent } from '../traffic/draw.ts';
import { usersFromText } from '../traffic/shop-facts.ts';

const FACTS = {
  source: 'test',
  users: [
    ['often', 900],
    ['rarely', 90],
    ['once', 10],
  ] as const,
  items: Array.from({ length: 50 }, (_, i) => `item-${i}`),
  categories: ['books', 'games'],
};
const requestsOf = (bodies: readonly string[]) => bodies.map((body) => JSON.parse(body) as RecommendRequest);

describe('traffic', () => {
  it('is of requests that the contract takes', () => {
    for (const request of requestsOf(drawTraffic(FACTS, 500, 1).bodies))
      expect([...Value.Errors(RecommendRequestSchema, request)]).toEqual([]);
  });

  it('brings users as often as they are in the log, beside visits, strangers and categories', () => {
    const requests = requestsOf(drawTraffic(FACTS, 20_000, 2).bodies);
    const share = (of: (request: RecommendRequest) => boolean) => requests.filter(of).length / requests.length;
    const known = requests.filter(({ user_id }) => user_id !== undefined);
    const ofKnown = (id: string) => known.filter(({ user_id }) => user_id === id).length / known.length;
    // Standard errors are below .004.
    expect(known.length / requests.length).toBeCloseTo(0.85, 1);
    expect(Math.abs(ofKnown('often') - 0.9)).toBeLessThan(0.02);
    expect(Math.abs(ofKnown('rarely') - 0.09)).toBeLessThan(0.02);
    expect(Math.abs(share(({ context }) => context?.recent_items !== undefined) - 0.1)).toBeLessThan(0.02);
    expect(Math.abs(share(({ context }) => context?.category !== undefined) - 0.2)).toBeLessThan(0.02);
  });

  it('is the same for the same seed, and another for another', () => {
    expect(drawTraffic(FACTS, 100, 3)).toEqual(drawTraffic(FACTS, 100, 3));
    expect(drawTraffic(FACTS, 100, 3).bodies).not.toEqual(drawTraffic(FACTS, 100, 4).bodies);
  });

  it('has strangers only where nobody is known', () => {
    const { bodies, description } = drawTraffic({ source: 'nobody', users: [], items: [], categories: [] }, 50, 1);
    expect(requestsOf(bodies).every(({ session_id }) => session_id?.startsWith('stranger-'))).toBe(true);
    expect(description).toContain('strangers only');
  });

  it('finds the exponent of an exact power law, and none in two users', () => {
    for (const exponent of [0.5, 1, 1.7])
      expect(zipfExponent(Array.from({ length: 300 }, (_, i) => 1e6 * (i + 1) ** -exponent))).toBeCloseTo(exponent, 9);
    expect(zipfExponent([3, 1])).toBeNull();
  });

  it('reads users from a file, with their events or as Zipf has them', () => {
    expect(usersFromText('a\t30\r\nb\t2\n', 'f').users).toEqual([
      ['a', 30],
      ['b', 2],
    ]);
    expect(usersFromText('a\nb\n\n', 'f').users).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(() => usersFromText('a\tmany', 'f')).toThrow(/f, line 1: 'many'/);
  });
});
