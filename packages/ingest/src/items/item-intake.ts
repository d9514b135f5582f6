import { LOG_KIND } from '@shortlist/core/contracts/log.ts';
import type { LogLane } from '@shortlist/core/stores/event-log.ts';
import type { ItemOutcome, ItemPatch, ItemStore, NewItem } from '@shortlist/core/stores/item-store.ts';
import { GroupCommit } from '../group-commit.ts';

/** A change of one catalogue item: the whole of it, or some fields. */
export type ItemChange = { readonly put: NewItem } | { readonly patch: ItemPatch };

const CHANGES_PER_COMMIT_MAX = 1_000;

/** Takes catalogue changes in: group commit on one lane, so that changes of one item happen in the order they came. */
export class ItemIntake {
  readonly #commits: GroupCommit<ItemChange, ItemOutcome>;

  constructor(lane: LogLane, queueMax: number) {
    this.#commits = new GroupCommit({
      commits: [(changes) => commit(lane, changes)],
      entriesMax: CHANGES_PER_COMMIT_MAX,
      queueMax,
    });
  }

  get depth(): number {
    return this.#commits.depth;
  }

  /** Resolves when the changes are on disk; parallel. Throws `overloaded` and `database_*`. */
  take(changes: readonly ItemChange[]): Promise<readonly ItemOutcome[]> {
    return this.#commits.submit(changes);
  }

  drained(): Promise<void> {
    return this.#commits.drained();
  }
}

async function commit(lane: LogLane, changes: readonly ItemChange[]): Promise<readonly ItemOutcome[]> {
  return lane.write(async ({ items }, tell) => {
    const outcomes: ItemOutcome[] = [];
    for (const run of runsOf(changes)) outcomes.push(...(await applyRun(items, run)));
    const changed = new Set<string>();
    changes.forEach((change, i) => {
      if (outcomes[i] === 'inserted' || outcomes[i] === 'updated') changed.add(itemIdOf(change));
    });
    if (changed.size > 0) tell({ kind: LOG_KIND.items, payload: { itemIds: [...changed] } });
    return outcomes;
  });
}

const isPut = (change: ItemChange): change is { readonly put: NewItem } => 'put' in change;

const itemIdOf = (change: ItemChange): string => (isPut(change) ? change.put.itemId : change.patch.itemId);

/** Neighbouring changes of one sort, which the store takes together; the order between them stays. */
function runsOf(changes: readonly ItemChange[]): ItemChange[][] {
  const runs: ItemChange[][] = [];
  for (const change of changes) {
    const last = runs.at(-1);
    const before = last?.[0];
    if (before !== undefined && isPut(before) === isPut(change)) last!.push(change);
    else runs.push([change]);
  }
  return runs;
}

function applyRun(items: ItemStore, run: readonly ItemChange[]): Promise<readonly ItemOutcome[]> {
  return isPut(run[0]!)
    ? items.put(run.map((change) => (change as { put: NewItem }).put))
    : items.patch(run.map((change) => (change as { patch: ItemPatch }).patch));
}
