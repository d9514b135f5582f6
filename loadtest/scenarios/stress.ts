import { warmUp, type Scenario } from './scenario.ts';

/** Multiples of the rate that the target is meant to hold. */
const STEPS = [0.5, 1, 1.5, 2, 3];
/** How soon after an overload all must be well again. */
const RECOVERY_S = 5;

export const stress: Scenario = {
  name: 'stress',
  purpose:
    'Half to three times the rate: beyond capacity the excess is refused at once, and the rest is served in time.',
  defaults: { rate: 150, seconds: 100 },
  phases: ({ rate, seconds }) => [
    ...warmUp(rate / 2),
    ...STEPS.map((step) => ({
      name: `x${String(step).replace('.', '-')}`,
      rate: rate * step,
      seconds: seconds / STEPS.length,
      shape: 'hold' as const,
      judged: true,
      mayShed: step > 1,
      mayDegrade: step > 1,
    })),
    { name: 'settle', rate, seconds: RECOVERY_S, shape: 'hold', judged: false, mayShed: true, mayDegrade: true },
    { name: 'after', rate, seconds: seconds / STEPS.length, shape: 'hold', judged: true },
  ],
};
