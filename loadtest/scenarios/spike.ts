import { warmUp, type Scenario } from './scenario.ts';

/** A campaign goes out: this many times the usual rate within a second. */
const BURST = 5;
const RISE_S = 1;
const RECOVERY_S = 5;

export const spike: Scenario = {
  name: 'spike',
  purpose:
    'Five times the usual rate within a second, and back: served or refused, nothing in between, and soon well again.',
  defaults: { rate: 60, seconds: 60 },
  phases: ({ rate, seconds }) => {
    const part = seconds / 3;
    const beyond = { mayShed: true, mayDegrade: true };
    return [
      ...warmUp(rate),
      { name: 'before', rate, seconds: part, shape: 'hold', judged: true },
      { name: 'rise', rate: rate * BURST, seconds: RISE_S, shape: 'ramp', judged: true, ...beyond },
      { name: 'burst', rate: rate * BURST, seconds: part, shape: 'hold', judged: true, ...beyond },
      { name: 'settle', rate, seconds: RECOVERY_S, shape: 'hold', judged: false, ...beyond },
      { name: 'after', rate, seconds: part, shape: 'hold', judged: true },
    ];
  },
};
