import { describe, expect, it } from 'vitest';
import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';
import { makePlan, planDigest } from '../../src/train/plan.ts';
import { requestsOf } from '../../src/train/requests.ts';
import { ActorHistory, countBefore } from '../../src/train/training-log.ts';
import { DAY_S, logOf, START_S, type LoggedEvent } from './training-log.ts';

const OPTIONS = { dataset: 'tiny', seed: 1, codeDigest: 'a' };

function purchases(days: number, perDay: number): LoggedEvent[] {
  const random = seededRandom(3);
  const row = () => Math.floor(random() * 10);
  return Array.from({ length: days * perDay }, (_, i) => ({
    user: `user-${Math.floor(random() * 20)}`,
    row: row(),
    type: 'purchase' as const,
    day: i / perDay,
  }));
}

describe('training plan', () => {
  it('cuts a year of purchases into four months of labels, the last ending where the data does', async () => {
    const log = await logOf(purchases(300, 4));
    const untilS = START_S + 280 * DAY_S;
    const { folds, labels, parameters } = makePlan(log, { ...OPTIONS, untilS });
    expect(labels).toBe('window');
    expect(folds.map((fold) => (untilS - fold.untilS) / DAY_S)).toEqual([30.5, 61, 91.5, 122]);
    expect(folds.every((fold) => fold.labelUntilS <= untilS && fold.labelUntilS > fold.untilS)).toBe(true);
    expect(parameters.profileEventsMax).toBe(100);
  });

  it('takes shorter windows of shorter data, and none where there is too little to label', async () => {
    const short = makePlan(await logOf(purchases(80, 10)), OPTIONS);
    expect((short.folds[0]!.labelUntilS - short.folds[0]!.untilS) / DAY_S).toBeCloseTo(10, 1);
    expect(makePlan(await logOf(purchases(5, 4)), OPTIONS).folds).toEqual([]);
  });

  it('names the run by data, options and code', async () => {
    const log = await logOf(purchases(20, 10));
    const plan = makePlan(log, OPTIONS);
    expect(planDigest(makePlan(log, OPTIONS))).toBe(planDigest(plan));
    expect(planDigest(makePlan(log, { ...OPTIONS, seed: 2 }))).not.toBe(planDigest(plan));
    expect(planDigest(makePlan(log, { ...OPTIONS, codeDigest: 'b' }))).not.toBe(planDigest(plan));
    // As many events of as many users on as many items, but one of them on another item.
    const other = { ...log, rows: log.rows.map((row, e) => (e === 0 ? (row + 1) % 10 : row)) };
    expect(planDigest(makePlan(other, OPTIONS))).not.toBe(planDigest(plan));
  });

  it('asks at the cut-off for everybody who bought after it, and again without what they had', async () => {
    const log = await logOf(purchases(100, 10));
    const history = new ActorHistory(log);
    const plan = makePlan(log, OPTIONS);
    const fold = plan.folds[0]!;
    const requests = requestsOf(log, history, plan, fold);
    const plain = requests.filter(({ excluded }) => excluded.length === 0);
    expect(plain.length).toBe(20);
    const from = countBefore(log, fold.untilS);
    for (const request of requests) {
      expect(request.nowS).toBe(fold.untilS);
      const bought = new Set(log.rows.filter((_, e) => e < from && log.actors[e] === request.actor));
      expect(request.excluded.every((row) => bought.has(row))).toBe(true);
      const wanted = log.rows.filter((_, e) => e >= from && log.actors[e] === request.actor);
      expect(new Set(request.labels.keys())).toEqual(new Set(wanted));
    }
    expect(requests.length).toBeGreaterThan(plain.length);
    expect(requestsOf(log, history, plan, fold)).toEqual(requests);
  });

  it('takes the shown slates where there are any, those whose effects are in the data, and windows after them', async () => {
    const slates = Array.from({ length: 60 }, (_, day) => ({
      request: `r-${day}`,
      user: `user-${day % 20}`,
      day: day + 0.5,
      rows: [1, 2],
    }));
    const log = await logOf(purchases(60, 20), slates);
    const plan = makePlan(log, OPTIONS);
    expect(plan.labels).toBe('slates');
    const requests = requestsOf(log, new ActorHistory(log), plan, plan.folds[0]!);
    const fold = plan.folds[0]!;
    const shown = requests.filter(({ slate }) => slate !== null);
    expect(shown.length).toBeGreaterThan(5);
    for (const { nowS, slate } of shown) {
      expect(slate!.timeS).toBe(nowS);
      expect(nowS).toBeGreaterThanOrEqual(fold.untilS);
      expect(nowS + DAY_S).toBeLessThan(plan.untilS);
    }
    const windows = requests.slice(shown.length);
    expect(windows.every(({ slate }) => slate === null)).toBe(true);
    expect(windows.length).toBe(20);
    for (const { actor, nowS, labels } of windows) {
      const wanted = log.rows.filter(
        (_, e) => log.actors[e] === actor && log.timesS[e]! >= nowS && log.timesS[e]! < fold.labelUntilS,
      );
      expect(new Set(labels.keys())).toEqual(new Set(wanted));
    }
  });

  it('asks for a session that began after the cut-off once something is known of it', async () => {
    const slate = { request: 'r', user: 'user-1', day: 10, rows: [1] };
    const session = (name: string, day: number, rows: number[]) =>
      rows.map((row, i) => ({ user: `session-${name}`, row, type: 'view' as const, day: day + i / 1000 }));
    const events = [...purchases(60, 20), ...session('long', 55.2, [1, 2, 3]), ...session('short', 55.3, [4])];
    const log = await logOf(events, [slate]);
    const plan = makePlan(log, OPTIONS);
    const fold = plan.folds[0]!;
    const requests = requestsOf(log, new ActorHistory(log), plan, fold);
    const ofSessions = requests.filter(({ actor }) => log.actorKeys[actor]!.startsWith('s:'));
    expect(ofSessions.map(({ actor }) => log.actorKeys[actor])).toEqual(['s:session-long']);
    expect([...ofSessions[0]!.labels.keys()]).toEqual([2, 3]);
    expect(ofSessions[0]!.nowS).toBeCloseTo(START_S + 55.201 * DAY_S, 0);
  });
});
