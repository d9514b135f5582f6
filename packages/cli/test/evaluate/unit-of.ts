import type { EvaluationUnit } from '../../src/evaluate/unit.ts';

/** A unit with this many events of history; the items of the history do not matter here. */
export function unitOf({ events = 5, ...unit }: Partial<EvaluationUnit> & { events?: number }): EvaluationUnit {
  return {
    id: 'u1',
    kind: 'user',
    history: {
      itemIds: Array.from({ length: events }, () => 'i0'),
      types: new Uint8Array(events),
      timesS: new Float64Array(events),
    },
    requestS: 100,
    truth: new Set(),
    unseenTruth: [],
    bought: new Set(),
    ...unit,
  };
}
