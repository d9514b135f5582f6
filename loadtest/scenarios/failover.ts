import { startOf, warmUp, type Load, type Phase, type Scenario } from './scenario.ts';

/** Profiles are read again, breakers close. */
const RECOVERY_S = 5;

const phases = ({ rate, seconds }: Load): readonly Phase[] => {
  const part = seconds / 3;
  return [
    ...warmUp(rate),
    { name: 'before', rate, seconds: part, shape: 'hold', judged: true },
    { name: 'down', rate, seconds: part, shape: 'hold', judged: true, mayDegrade: true },
    { name: 'back', rate, seconds: RECOVERY_S, shape: 'hold', judged: true, mayDegrade: true },
    { name: 'after', rate, seconds: part, shape: 'hold', judged: true },
  ];
};

export const failover: Scenario = {
  name: 'failover',
  purpose:
    'Redis is killed under load and comes back empty: no error, answers say what they lack, and are whole again soon.',
  defaults: { rate: 100, seconds: 60 },
  phases,
  faults: (load) => [
    { atS: startOf(phases(load), 'down'), what: 'kill-redis' },
    { atS: startOf(phases(load), 'back'), what: 'start-redis' },
  ],
};
