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
import { openSnapshot } from '../src/assignment/seal-snapshot.ts';
import { BUCKETS } from '../src/contracts/assignment-snapshot.ts';
import { benchSnapshot } from './assignment-snapshot.ts';
import { interleaved, report } from './report.ts';

const CALLS = 20_000;
const UNITS_KEPT = 2_000;

const NOW_S = 1_790_000_000;
const snapshot = benchSnapshot(NOW_S);
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
