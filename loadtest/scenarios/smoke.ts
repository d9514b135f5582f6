import { warmUp, type Scenario } from './scenario.ts';

export const smoke: Scenario = {
  name: 'smoke',
  purpose: 'A few requests a second: does everything answer, and rightly?',
  defaults: { rate: 20, seconds: 10 },
  phases: ({ rate, seconds }) => [...warmUp(rate, 2), { name: 'hold', rate, seconds, shape: 'hold', judged: true }],
};
