import type { Scenario } from './scenario.ts';

export const load: Scenario = {
  name: 'load',
  purpose: 'Arrivals ramp up to the target and stay there: are the promises kept at the rate that is expected?',
  defaults: { rate: 100, seconds: 60 },
  phases: ({ rate, seconds }) => [
    { name: 'warm-up', rate: rate / 10, seconds: 5, shape: 'hold', judged: false },
    { name: 'ramp', rate, seconds: Math.max(5, seconds / 4), shape: 'ramp', judged: false },
    { name: 'hold', rate, seconds, shape: 'hold', judged: true },
  ],
};
