import { describe, expect, it } from 'vitest';
import type { ShortlistError } from '../../src/contracts/errors.ts';
import { offPolicyEstimate, type LoggedDecisions } from '../../src/statistics/off-policy.ts';
import { seededRandom } from '../../src/statistics/seeded-random.ts';
import { expectClose, GENERATED, SLATES } from './vectors.ts';

/** A log over three choices with known rewards; the policy in question prefers the last. */
function simulate(seed: number, decisions: number, { logging = [0.5, 0.3, 0.2], target = [0.2, 0.2, 0.6] } = {}) {
  const random = seededRandom(seed);
  const rewards = [0.1, 0.2, 0.4];
  const log = { propensity: [] as number[], target: [] as number[], reward: [] as number[] };
  const model = { predicted: [] as number[], expectedUnderTarget: [] as number[] };
  for (let i = 0; i < decisions; i++) {
    const u = random();
    const choice = u < logging[0]! ? 0 : u < logging[0]! + logging[1]! ? 1 : 2;
    log.propensity.push(logging[choice]!);
    log.target.push(target[choice]!);
    log.reward.push(random() < rewards[choice]! ? 1 : 0);
    model.predicted.push(rewards[choice]!);
    model.expectedUnderTarget.push(target.reduce((sum, p, c) => sum + p * rewards[c]!, 0));
  }
  const truth = target.reduce((sum, p, c) => sum + p * rewards[c]!, 0);
  return { log: { ...log, model } satisfies LoggedDecisions, truth };
}

const reasonOf = (log: LoggedDecisions, options = {}): string => {
  try {
    offPolicyEstimate(log, options);
  } catch (error) {
    expect((error as ShortlistError).code).toBe('off_policy_unsupported');
    return (error as ShortlistError).message;
  }
  throw new Error('the log was accepted');
};

describe('off-policy estimates', () => {
  it('agree with the formulas written in numpy', () => {
    for (const { expected, predicted, expectedUnderTarget, ...log } of GENERATED.offPolicy) {
      const estimate = offPolicyEstimate({ ...log, model: { predicted, expectedUnderTarget } }, { effectiveMin: 10 });
      for (const name of ['ips', 'snips', 'dr'] as const) {
        expectClose(estimate[name]!.value, expected[name][0], 1e-10);
        expectClose(estimate[name]!.standardError, expected[name][1], 1e-9);
      }
      expectClose(estimate.effectiveSampleSize, expected.effectiveSampleSize, 1e-10);
    }
  });

  it('of the policy that made the log are the sample mean, and its decisions all count', () => {
    const { log } = simulate(1, 2000, { target: [0.5, 0.3, 0.2] });
    const mean = log.reward.reduce((sum, reward) => sum + reward, 0) / log.reward.length;
    const estimate = offPolicyEstimate(log);
    expect(estimate.ips.value).toBeCloseTo(mean, 12);
    expect(estimate.snips.value).toBeCloseTo(mean, 12);
    expect(estimate.effectiveSampleSize).toBeCloseTo(2000, 8);
  });

  it('by DR with a model of zero are IPS', () => {
    const { log } = simulate(2, 1000);
    const nothing = log.reward.map(() => 0);
    const estimate = offPolicyEstimate({ ...log, model: { predicted: nothing, expectedUnderTarget: nothing } });
    expect(estimate.dr!.value).toBeCloseTo(estimate.ips.value, 12);
    expect(estimate.dr!.standardError).toBeCloseTo(estimate.ips.standardError, 12);
    expect(offPolicyEstimate({ ...log, model: undefined } as never).dr).toBeNull();
  });

  it('by SNIPS follow a constant added to all rewards exactly, which IPS does not', () => {
    const { log } = simulate(3, 1000);
    const raised = { ...log, reward: log.reward.map((reward) => reward + 5) };
    const [plain, shifted] = [offPolicyEstimate(log), offPolicyEstimate(raised)];
    expect(shifted.snips.value - plain.snips.value).toBeCloseTo(5, 10);
    expect(shifted.snips.standardError).toBeCloseTo(plain.snips.standardError, 10);
    expect(shifted.ips.standardError).toBeGreaterThan(2 * plain.ips.standardError);
  });

  it('cover the truth in 95 % of logs', () => {
    const rounds = 600;
    const covered = { ips: 0, snips: 0, dr: 0 };
    for (let round = 0; round < rounds; round++) {
      const { log, truth } = simulate(100 + round, 600);
      const estimate = offPolicyEstimate(log);
      for (const name of ['ips', 'snips', 'dr'] as const)
        covered[name] += Number(estimate[name]!.low <= truth && truth <= estimate[name]!.high);
    }
    // 99 % band of 600 throws at .95.
    for (const count of Object.values(covered)) {
      expect(count / rounds).toBeGreaterThan(0.925);
      expect(count / rounds).toBeLessThan(0.975);
    }
  });

  it('take a user’s decisions together: the same decisions ten times are no more evidence', () => {
    const { log } = simulate(4, 500);
    const tenfold = (values: number[]) => values.flatMap((value) => new Array<number>(10).fill(value));
    const repeated: LoggedDecisions = {
      propensity: tenfold(log.propensity),
      target: tenfold(log.target),
      reward: tenfold(log.reward),
      user: tenfold(log.reward.map((_, user) => user)),
    };
    const [once, ten] = [offPolicyEstimate(log), offPolicyEstimate(repeated)];
    expect(ten.ips.value).toBeCloseTo(once.ips.value, 12);
    expect(ten.ips.standardError).toBeCloseTo(once.ips.standardError, 12);
    expect(ten).toMatchObject({ users: 500, decisions: 5000 });
  });
});

describe('estimates of slates', () => {
  const { positions, reward, propensity, expected } = SLATES;
  const slates = reward.length / positions;
  const user = reward.map((_, slot) => Math.floor(slot / positions));
  /** A policy that draws three of ten items without looking: of the item, of the items down to it, of the slate. */
  const uniform = {
    independent: () => 1 / 10,
    cascade: (position: number) => [1 / 10, 1 / 90, 1 / 720][position]!,
    standard: () => 1 / 720,
  };

  it.each(['standard', 'cascade', 'independent'] as const)('reproduce the Open Bandit Pipeline, %s', (kind) => {
    const chances = kind === 'standard' ? user.map((slate) => propensity.standard[slate]!) : propensity[kind];
    const target = reward.map((_, slot) => uniform[kind](slot % positions));
    const { ips, users } = offPolicyEstimate({ propensity: chances, target, reward, user }, { effectiveMin: 50 });
    expect(users).toBe(slates);
    expectClose(positions * ips.value, expected[kind], 1e-8);
    expect(Math.abs(positions * ips.value - expected.truth)).toBeLessThan(expected.threeSigma);
  });
});

describe('a log that cannot answer is refused', () => {
  const { log } = simulate(5, 500);

  it('when it is empty or holds no probabilities', () => {
    expect(reasonOf({ propensity: [], target: [], reward: [] })).toContain('no randomised decision');
    for (const bad of [0, -0.1, 1.1, NaN])
      expect(reasonOf({ ...log, propensity: [bad, ...log.propensity.slice(1)] })).toContain('propensity');
    expect(reasonOf({ ...log, target: [NaN, ...log.target.slice(1)] })).toContain('target');
    expect(reasonOf({ ...log, reward: [NaN, ...log.reward.slice(1)] })).toContain('reward');
  });

  it('when the policy chooses what the log never chose', () => {
    const { log: deterministic } = simulate(6, 800, { logging: [1, 0, 0], target: [0.2, 0.2, 0.6] });
    expect(reasonOf(deterministic)).toContain('the weights average 0.200');
    expect(reasonOf({ ...log, unsupported: 0.3 })).toContain('30.0 %');
    expect(() => offPolicyEstimate({ ...log, unsupported: 0.005 })).not.toThrow();
  });

  it('when the propensities are those of something else', () => {
    expect(reasonOf({ ...log, propensity: log.propensity.map((p) => p / 2) })).toMatch(
      /weights average 1\.\d+ instead of 1/,
    );
  });

  it('when too little of it is left under the policy', () => {
    expect(reasonOf(log, { effectiveMin: 5000 })).toContain('fewer than 5000');
  });
});
