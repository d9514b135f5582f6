/**
 * CPU time of assigning one request to 20 running experiments in 5 layers, 4 in each, with targets and ramps: hashed anew,
 * and with the unit's placements kept; and of one bucket by each way of reading the digest:
 * `node packages/core/bench/assignment.ts [--json FILE]`
 */
import { hash } from 'node:crypto';
import { assign } from '../src/assignment/assign.ts';
import { bucketOf } from '../src/assignment/bucket.ts';
import { compileSnapshot } from '../src/assignment/compile-snapshot.ts';
import { keptPlacements, placeUnit } from '../src/assignment/placement.ts';
import { openSnapshot, sealSnapshot } from '../src/assignment/seal-snapshot.ts';
import { BUCKETS, type AssignmentSnapshot, type SnapshotExperiment } from '../src/contracts/assignment-snapshot.ts';
import { interleaved, report } from './report.ts';

const NOW_S = 1_790_000_000;
const LAYERS = 5;
const PER_LAYER = 4;
const CALLS = 20_000;
const UNITS_KEPT = 2_000;

function experiment(layer: number, number: number): SnapshotExperiment {
  const share = BUCKETS / PER_LAYER;
  const name = `experiment-${layer}-${number}`;
  return {
    name,
    version: 3,
    type: 'ab',
    salt: name,
    allocation: [{ from: number * share, to: (number + 1) * share }],
    targeting: [{ attribute: 'context.device', in: ['mobile', 'desktop'] }],
    startsAtS: NOW_S - 1000,
    endsAtS: NOW_S + 1000,
    ramp: [0.1, 0.5, 1].map((part, step) => ({ atS: NOW_S - 30 + 10 * step, exposed: part * BUCKETS })),
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

const snapshot: AssignmentSnapshot = sealSnapshot({
  version: 1,
  publishedAtS: NOW_S,
  layers: Array.from({ length: LAYERS }, (_, layer) => ({
    name: `layer-${layer}`,
    unit: 'user' as const,
    salt: `layer-${layer}`,
    holdout: 10_000,
    experiments: Array.from({ length: PER_LAYER }, (_, number) => experiment(layer, number)),
  })),
  promoted: [],
});
const text = JSON.stringify(snapshot);
const compiled = compileSnapshot(snapshot);
const anew = placeUnit(compiled);
const kept = keptPlacements(compiled, UNITS_KEPT);
const ids = Array.from({ length: CALLS }, (_, call) => `user-${call}`);
const context = { surface: 'home', device: 'mobile' };
let enrolled = 0;

const results = interleaved(
  {
    'assign.20-experiments.5-layers.hashed': (call) => {
      enrolled += assign(compiled, { userId: ids[call]!, context, nowS: NOW_S }, anew).length;
    },
    'assign.20-experiments.5-layers.kept': (call) => {
      enrolled += assign(compiled, { userId: ids[call % UNITS_KEPT]!, context, nowS: NOW_S }, kept).length;
    },
    'bucket.hex': (call) => void bucketOf('variant', 'experiment', ids[call]!),
    'bucket.buffer': (call) =>
      void (hash('sha256', `variant\nexperiment\n${ids[call]!}`, 'buffer').readUIntBE(0, 6) % BUCKETS),
  },
  { repeats: 9, calls: CALLS },
);
const opened = interleaved(
  { 'snapshot.20-experiments.open-and-compile': () => void compileSnapshot(openSnapshot(text)) },
  { repeats: 9, calls: 50 },
);
if (enrolled === 0) throw new Error('nobody was in an experiment');
report([...results, ...opened]);
