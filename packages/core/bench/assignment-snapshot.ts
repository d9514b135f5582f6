import { sealSnapshot } from '../src/assignment/seal-snapshot.ts';
import { BUCKETS, type AssignmentSnapshot, type SnapshotExperiment } from '../src/contracts/assignment-snapshot.ts';

const LAYERS = 5;
const PER_LAYER = 4;

function experiment(layer: number, number: number, nowS: number): SnapshotExperiment {
  const share = BUCKETS / PER_LAYER;
  const name = `experiment-${layer}-${number}`;
  return {
    name,
    version: 3,
    type: 'ab',
    salt: name,
    allocation: [{ from: number * share, to: (number + 1) * share }],
    targeting: [{ attribute: 'context.device', in: ['mobile', 'desktop'] }],
    startsAtS: nowS - 1000,
    endsAtS: nowS + 1000,
    ramp: [0.1, 0.5, 1].map((part, step) => ({ atS: nowS - 30 + 10 * step, exposed: part * BUCKETS })),
    variants: [0, 1, 2].map((v) => ({
      name: `v${v}`,
      buckets: { from: Math.ceil((v * BUCKETS) / 3), to: Math.ceil(((v + 1) * BUCKETS) / 3) },
      release: null,
      parameters: v === 0 ? {} : PARAMETERS[layer]!,
    })),
    triggered: false,
  };
}

const PARAMETERS = [
  { diversity: { lambda: 0.1 } },
  { exploration: { slots: 1 } },
  { weights: { click: 1 } },
  { sources: { trending: 10 } },
  { candidatesMax: 400 },
];

/** 20 running experiments in 5 layers of users, 4 in each, with targets, ramps and three variants. */
export const benchSnapshot = (nowS: number): AssignmentSnapshot =>
  sealSnapshot({
    version: 1,
    publishedAtS: nowS,
    layers: Array.from({ length: LAYERS }, (_, layer) => ({
      name: `layer-${layer}`,
      unit: 'user' as const,
      salt: `layer-${layer}`,
      holdout: 10_000,
      experiments: Array.from({ length: PER_LAYER }, (_, number) => experiment(layer, number, nowS)),
    })),
    promoted: [],
  });
