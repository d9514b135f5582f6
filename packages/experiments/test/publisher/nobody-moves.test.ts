import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assign } from '@shortlist/core/assignment/assign.ts';
import { compileSnapshot } from '@shortlist/core/assignment/compile-snapshot.ts';
import type { AssignmentSnapshot } from '@shortlist/core/contracts/assignment-snapshot.ts';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { readDocument } from '@shortlist/experiments/documents/read-documents.ts';
import { controlBench } from '../control/control-bench.ts';

const USERS = Array.from({ length: 150 }, (_, i) => `user-${i}`);
/** Name, layer, and a parameter of its own: what they may run side by side with. */
const EXPERIMENTS = [
  ['a', 'default', { diversity: { lambda: 0.6 } }],
  ['b', 'default', { diversity: { lambda: 0.1 } }],
  ['c', 'search', { exploration: { slots: 1 } }],
] as const;

const step = fc.record({
  which: fc.constantFrom(...EXPERIMENTS),
  does: fc.constantFrom('apply', 'apply', 'start', 'ramp', 'wait', 'stop'),
  allocation: fc.constantFrom(0.1, 0.2, 0.4, 0.6),
  weight: fc.constantFrom(0.5, 0.5, 0.5, 0.2),
  share: fc.constantFrom(0.05, 0.1, 0.3, 0.7, 1),
});

/** Variant by experiment and user. */
function assignments(snapshot: AssignmentSnapshot, nowS: number): Map<string, string> {
  const compiled = compileSnapshot(snapshot);
  const found = USERS.flatMap((userId) =>
    assign(compiled, { userId, nowS }).map(
      ({ experiment, variant }) => [`${experiment.name} ${userId}`, variant.name] as const,
    ),
  );
  return new Map(found);
}

it('nobody who is in is put out or moved, whatever an owner does, but by new weights or an end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const bench = controlBench();
      await bench.apply(
        readDocument({ apiVersion: 'shortlist.dev/v1alpha1', kind: 'Layer', metadata: { name: 'search' }, spec: {} }),
      );
      let version = 0;
      for (const { which, does, allocation, weight, share } of steps) {
        const [name, layer, parameters] = which;
        const before = await bench.store.experiments();
        const present = bench.published.at(-1)!;
        const wereIn = assignments(present, bench.clock.nowS);
        const variants = [
          { name: 'control', weight: 1 - weight },
          { name: 'treatment', weight, parameters },
        ];
        const ramp = [{ at: '2020-01-01', share }];
        const work = {
          apply: () => bench.draft(name, { layer, allocation, variants, ramp }),
          start: () => bench.start(name),
          ramp: () => bench.experiments.ramp(name, 'ann', { share }),
          stop: () => bench.experiments.move(name, 'ann', { action: 'stop', reason: 'enough' }),
          wait: () => Promise.resolve((bench.clock.nowS += 3_600)),
        }[does];
        try {
          await work();
        } catch (error) {
          // What is not possible is refused, and changes nothing.
          expect(error).toBeInstanceOf(ShortlistError);
          expect(bench.published.at(-1)).toBe(present);
        }
        const after = await bench.store.experiments();
        const snapshot = bench.published.at(-1)!;
        expect(snapshot.version).toBeGreaterThanOrEqual(version);
        version = snapshot.version;
        const areIn = assignments(snapshot, bench.clock.nowS);
        for (const [key, variant] of wereIn) {
          const of = (all: typeof after) => all.find((one) => one.name === key.split(' ')[0]);
          const [was, is] = [of(before)!, of(after)!];
          if (is.state === 'running' && is.current.phase === was.current.phase)
            expect([key, areIn.get(key)]).toEqual([key, variant]);
          // With new weights they may change sides, and still nobody is put out.
          else if (is.state === 'running') expect(areIn.has(key)).toBe(true);
          else expect(areIn.has(key)).toBe(false);
        }
      }
    }),
    { numRuns: 60 },
  );
});
