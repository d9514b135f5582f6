import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tableFromIPC } from 'apache-arrow';
import type { EvaluationMode } from '@shortlist/core/contracts/evaluation.ts';
import { EVENT_CODE } from '@shortlist/core/contracts/events.ts';
import { writeArrow } from '../train/arrow-file.ts';
import { runPython } from '../train/python.ts';
import type { RankedLists } from './score-system.ts';
import { LABELS, type EvaluationUnit, type Label } from './unit.ts';

export interface BaselineOptions {
  readonly repository: string;
  /** Fold with what training knew: items.arrow, events.arrow, sources/. */
  readonly foldDir: string;
  readonly scratchDir: string;
  readonly mode: EvaluationMode;
  readonly label: Label;
  readonly rowOf: (itemId: string) => number;
  readonly log: (line: string) => void;
}

/**
 * Ranked lists of every baseline for every unit, fitted by Python on the fold alone and scored from the units' histories.
 * Returns lists by system name; `lists[i]` belongs to `units[i]`.
 */
export async function rankBaselines(
  units: readonly EvaluationUnit[],
  options: BaselineOptions,
): Promise<Map<string, RankedLists>> {
  const histories = join(options.scratchDir, 'units.arrow');
  const out = join(options.scratchDir, `baselines-${options.mode}.arrow`);
  await writeHistories(histories, units, options.rowOf);
  const labels = LABELS[options.label].map((type) => EVENT_CODE[type]).join(',');
  await runPython({
    repository: options.repository,
    verb: 'baselines',
    args: [
      ...['--fold', options.foldDir, '--units', histories, '--count', String(units.length)],
      ...['--out', out, '--mode', options.mode, '--labels', labels],
    ],
    log: options.log,
  });
  return readLists(await readFile(out), units.length);
}

async function writeHistories(
  file: string,
  units: readonly EvaluationUnit[],
  rowOf: (itemId: string) => number,
): Promise<void> {
  const length = units.reduce((sum, unit) => sum + unit.history.itemIds.length, 0);
  const unit = new Int32Array(length);
  const row = new Int32Array(length);
  const type = new Uint8Array(length);
  const time = new Float64Array(length);
  let at = 0;
  units.forEach(({ history }, u) =>
    history.itemIds.forEach((itemId, e) => {
      const known = rowOf(itemId);
      if (known < 0) return;
      unit[at] = u;
      row[at] = known;
      type[at] = history.types[e]!;
      time[at] = history.timesS[e]!;
      at += 1;
    }),
  );
  await writeArrow(file, {
    unit: unit.subarray(0, at),
    row: row.subarray(0, at),
    type: type.subarray(0, at),
    time: time.subarray(0, at),
  });
}

function readLists(bytes: Uint8Array, count: number): Map<string, RankedLists> {
  const table = tableFromIPC(bytes);
  const column = (name: string) => {
    const vector = table.getChild(name);
    if (vector === null) throw new Error(`baselines: column ${name} is missing`);
    return vector;
  };
  const units = column('unit');
  const systems = column('system');
  const rows = column('rows');
  const lists = new Map<string, ArrayLike<number>[]>();
  for (let i = 0; i < table.numRows; i++) {
    const system = String(systems.get(i));
    let ranked = lists.get(system);
    if (ranked === undefined) lists.set(system, (ranked = Array.from({ length: count }, (): ArrayLike<number> => [])));
    ranked[Number(units.get(i))] = (rows.get(i) as { toArray(): Int32Array }).toArray();
  }
  return lists;
}
