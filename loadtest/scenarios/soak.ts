import { warmUp, type Scenario } from './scenario.ts';

export const soak: Scenario = {
  name: 'soak',
  purpose: 'A steady rate for half an hour: neither memory nor file descriptors nor latency may grow.',
  defaults: { rate: 100, seconds: 1800 },
  phases: ({ rate, seconds }) => [...warmUp(rate, 30), { name: 'hold', rate, seconds, shape: 'hold', judged: true }],
};
