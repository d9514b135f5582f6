import type { Arm, Cell } from './arm-estimate.ts';
import type { Moments } from './moments.ts';

export interface Stratified {
  /** In the order of the arms; empty when no phase has users in every arm. */
  readonly arms: readonly Arm[];
  /** Phases in which some arm had fewer than two users: they cannot be compared and are left out. */
  readonly phasesLeftOut: number;
  readonly usersLeftOut: number;
}

/**
 * Combines ramp phases: arms are compared within each phase, and the phases weighted by all of their users. Pooling over
 * phases of changing weights would compare a Monday with a Friday (Simpson's paradox): the arm that grew late has
 * the late users.
 *
 * `phases[p][a]`: users who entered arm a during phase p (a user belongs to the phase of the first exposure). An arm of
 * weight 0 in every phase should not be passed.
 *
 * Source: Crook et al. 2009 (ramping and Simpson's paradox); post-stratification, Miratrix, Sekhon, Yu 2013, equation 3.
 */
export function stratify(phases: readonly (readonly Moments[])[]): Stratified {
  const users = phases.map((phase) => phase.reduce((sum, { count }) => sum + count, 0));
  const kept = phases.map((phase) => phase.every(({ count }) => count >= 2));
  const total = users.reduce((sum, count, p) => sum + (kept[p] ? count : 0), 0);
  const all = users.reduce((sum, count) => sum + count, 0);
  const arms: Cell[][] = (phases[0] ?? []).map(() => []);
  phases.forEach((phase, p) => {
    if (kept[p]) phase.forEach((moments, a) => arms[a]!.push({ weight: users[p]! / total, moments }));
  });
  return {
    arms: total > 0 ? arms : [],
    phasesLeftOut: users.filter((count, p) => count > 0 && !kept[p]).length,
    usersLeftOut: all - total,
  };
}
