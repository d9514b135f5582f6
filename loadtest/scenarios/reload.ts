import { startOf, warmUp, type Load, type Phase, type Scenario } from './scenario.ts';

const phases = ({ rate, seconds }: Load): readonly Phase[] => [
  ...warmUp(rate),
  { name: 'hold', rate, seconds, shape: 'hold', judged: true },
];

export const reload: Scenario = {
  name: 'reload',
  purpose: 'The release is swapped again and again under load: no error, and nobody waits for it.',
  defaults: { rate: 100, seconds: 60 },
  phases,
  faults: (load) =>
    Array.from({ length: load.swaps }, (_, i) => ({
      // Evenly, with room after the last one.
      atS: startOf(phases(load), 'hold') + ((i + 0.5) * load.seconds) / load.swaps,
      what: 'swap-release' as const,
    })),
};
