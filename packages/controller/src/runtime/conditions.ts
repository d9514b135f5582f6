import type { Condition } from '@shortlist/core/contracts/resource-status.ts';

export type NewCondition = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

const MESSAGE_MAX = 4_096;

/**
 * The conditions with one of them set: `lastTransitionTime` moves only when its status changes. Order stays; a new type
 * comes last.
 */
export function withCondition(
  conditions: readonly Condition[],
  { type, status, reason, message }: NewCondition,
  { generation, now }: { readonly generation: number; /** Unix ms. */ readonly now: number },
): readonly Condition[] {
  const before = conditions.find((one) => one.type === type);
  const lastTransitionTime =
    before?.status === status ? before.lastTransitionTime : new Date(Math.floor(now / 1000) * 1000).toISOString();
  const after: Condition = {
    ...{ type, status, reason, message: message.slice(0, MESSAGE_MAX) },
    ...{ observedGeneration: generation, lastTransitionTime },
  };
  if (before === undefined) return [...conditions, after];
  return conditions.map((one) => (one.type === type ? after : one));
}

export const conditionOf = (conditions: readonly Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((one) => one.type === type);
