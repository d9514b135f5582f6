import type { Moments } from '../../../src/statistics/moments.ts';
import { exponential, lognormal, poisson } from '../random-draws.ts';

/** What is known of a user; each group's moments are kept apart, as an analysis would ask for them. */
const [CONVERTED, REVENUE, CAPPED, CLICKS, IMPRESSIONS, REVENUE_BEFORE, CAPPED_BEFORE, CLICKS_BEFORE, SEEN_BEFORE] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
] as const;
export const GROUPS = {
  conversion: [CONVERTED],
  revenue: [REVENUE, REVENUE_BEFORE],
  capped: [CAPPED, CAPPED_BEFORE],
  clicks: [CLICKS, IMPRESSIONS, CLICKS_BEFORE, SEEN_BEFORE],
} as const;
export type Group = keyof typeof GROUPS;

export interface ShopPlan {
  /** People who may come; those who are never active never enter the experiment. */
  readonly people: number;
  readonly days: number;
  /** Day on which each ramp phase begins, and the weights of the arms in it. */
  readonly phases: readonly { readonly fromDay: number; readonly weights: readonly number[] }[];
  /** True relative lift of each arm on conversion, revenue and click-through alike. */
  readonly lifts: readonly number[];
  /** Revenue above it counts as it: from the time before. */
  readonly cap: number;
}

/** One simulated experiment: what a daily analysis would have read, and each user's revenue at the end. */
export interface ShopRun {
  /** Cumulative moments `[phase][arm]` at the end of a day (0-based). */
  at(day: number, group: Group): Moments[][];
  readonly revenue: Float64Array;
  readonly armOfUser: Uint8Array;
  readonly phaseOfUser: Uint8Array;
}

/**
 * A shop whose users differ as real ones do: activity is lognormal, so few users make most of the impressions; heavy users
 * come first, so ramp phases hold different people; 6 % buy; baskets are lognormal around a level of one's own; weekends
 * are better. A user enters on the first active day and goes on clicking and buying until the last, so that the outcomes
 * which a daily look sees are unfinished.
 *
 * The lift multiplies the chance to be a buyer and the rate of clicks and nothing else: every metric's true relative
 * lift is the same, at every look.
 */
export function simulateShop(plan: ShopPlan, random: () => number): ShopRun {
  const { people, days, phases, lifts } = plan;
  const arms = lifts.length;
  const day = new DayMoments(days, phases.length, arms);
  const revenue = new Float64Array(people);
  const armOfUser = new Uint8Array(people);
  const phaseOfUser = new Uint8Array(people);
  const now = new Float64Array(9);
  let users = 0;
  for (let person = 0; person < people; person++) {
    const activity = 0.6 * lognormal(random, 0, 0.9);
    const comes = 1 - Math.exp(-0.35 * activity);
    let first = 0;
    while (first < days && random() >= comes * weekday(first)) first += 1;
    if (first === days) continue;
    const phase = phaseOn(plan, first);
    const arm = pick(phases[phase]!.weights, random());
    const cell = phase * arms + arm;
    const lift = 1 + lifts[arm]!;
    const rate = 0.02 + 0.2 * random() ** 2;
    const buys = Math.min(0.12, 0.05 + 0.04 * activity);
    const level = 30 * lognormal(random, 0, 0.5);
    const buyer = random() < buys * lift;
    now.fill(0);
    before(now, random, { activity, rate, buys, level, cap: plan.cap });
    day.enter(first, cell, now);
    for (let today = first; today < days; today++) {
      if (today > first && random() >= comes * weekday(today)) continue;
      const seen = 5 + Math.floor(8 * activity * exponential(random));
      const clicked = poisson(random, seen * rate * lift * weekday(today));
      const ordered = buyer && random() < 0.5 ? level * lognormal(random, 0, 0.7) : 0;
      day.change(today, cell, now, seen, clicked, ordered, plan.cap);
    }
    revenue[users] = now[REVENUE]!;
    armOfUser[users] = arm;
    phaseOfUser[users] = phase;
    users += 1;
  }
  day.accumulate();
  return {
    at: (today, group) => day.moments(today, group),
    revenue: revenue.subarray(0, users),
    armOfUser: armOfUser.subarray(0, users),
    phaseOfUser: phaseOfUser.subarray(0, users),
  };
}

const weekday = (day: number): number => (day % 7 >= 5 ? 1.3 : 0.9);

function phaseOn({ phases }: ShopPlan, day: number): number {
  let phase = 0;
  while (phase + 1 < phases.length && phases[phase + 1]!.fromDay <= day) phase += 1;
  return phase;
}

function pick(weights: readonly number[], u: number): number {
  let rest = u * weights.reduce((sum, weight) => sum + weight, 0);
  let arm = 0;
  while (arm < weights.length - 1 && rest >= weights[arm]!) rest -= weights[arm++]!;
  return arm;
}

/** Two weeks before the experiment, by the same habits. */
function before(
  now: Float64Array,
  random: () => number,
  user: { activity: number; rate: number; buys: number; level: number; cap: number },
): void {
  const visits = poisson(random, 4 * user.activity);
  const seen = visits * (5 + 8 * user.activity);
  const orders = random() < user.buys * 1.5 ? poisson(random, 0.5 * visits) : 0;
  for (let order = 0; order < orders; order++) now[REVENUE_BEFORE]! += user.level * lognormal(random, 0, 0.7);
  now[CAPPED_BEFORE] = Math.min(now[REVENUE_BEFORE]!, user.cap);
  now[SEEN_BEFORE] = seen;
  now[CLICKS_BEFORE] = poisson(random, Math.min(30, seen * user.rate));
}

/** Width of a group's sums and products in a row. */
const width = (variables: number): number => variables + (variables * (variables + 1)) / 2;
const NAMES = Object.keys(GROUPS) as Group[];
const STARTS: Record<Group, number> = { conversion: 0, revenue: 0, capped: 0, clicks: 0 };
let ROW = 1;
for (const name of NAMES) {
  STARTS[name] = ROW;
  ROW += width(GROUPS[name].length);
}

/** Changes of the moments per day and cell; summed over days they are what an analysis on that day would read. */
class DayMoments {
  private readonly rows: Float64Array;
  private readonly cells: number;
  private readonly phases: number;
  private readonly days: number;

  constructor(days: number, phases: number, arms: number) {
    this.days = days;
    this.phases = phases;
    this.cells = phases * arms;
    this.rows = new Float64Array(days * this.cells * ROW);
  }

  enter(day: number, cell: number, now: Float64Array): void {
    this.rows[(day * this.cells + cell) * ROW]! += 1;
    for (const name of NAMES) this.add(day, cell, name, now, 1);
  }

  change(
    day: number,
    cell: number,
    now: Float64Array,
    seen: number,
    clicked: number,
    ordered: number,
    cap: number,
  ): void {
    this.add(day, cell, 'clicks', now, -1);
    now[CLICKS]! += clicked;
    now[IMPRESSIONS]! += seen;
    this.add(day, cell, 'clicks', now, 1);
    if (ordered === 0) return;
    for (const name of ['conversion', 'revenue', 'capped'] as const) this.add(day, cell, name, now, -1);
    now[CONVERTED] = 1;
    now[REVENUE]! += ordered;
    now[CAPPED] = Math.min(now[REVENUE]!, cap);
    for (const name of ['conversion', 'revenue', 'capped'] as const) this.add(day, cell, name, now, 1);
  }

  private add(day: number, cell: number, group: Group, now: Float64Array, sign: number): void {
    const variables = GROUPS[group];
    let at = (day * this.cells + cell) * ROW + STARTS[group];
    for (let i = 0; i < variables.length; i++) this.rows[at++]! += sign * now[variables[i]!]!;
    for (let i = 0; i < variables.length; i++) {
      const left = sign * now[variables[i]!]!;
      for (let j = i; j < variables.length; j++) this.rows[at++]! += left * now[variables[j]!]!;
    }
  }

  accumulate(): void {
    const perDay = this.cells * ROW;
    for (let i = perDay; i < this.days * perDay; i++) this.rows[i]! += this.rows[i - perDay]!;
  }

  moments(day: number, group: Group): Moments[][] {
    const variables = GROUPS[group].length;
    const arms = this.cells / this.phases;
    return Array.from({ length: this.phases }, (_, phase) =>
      Array.from({ length: arms }, (__, arm) => {
        const row = (day * this.cells + phase * arms + arm) * ROW;
        const start = row + STARTS[group];
        return {
          count: this.rows[row]!,
          sums: Array.from(this.rows.subarray(start, start + variables)),
          products: Array.from(this.rows.subarray(start + variables, start + width(variables))),
        };
      }),
    );
  }
}
