import { ShortlistError, type ErrorCode } from '@shortlist/core/contracts/errors.ts';

/** Something wrong with a document: what, where and why. A warning lets it pass. */
export interface Problem {
  readonly code: ErrorCode;
  /** Path in the document: `spec.variants[1].weight`. */
  readonly field: string;
  readonly reason: string;
  readonly severity: 'error' | 'warning';
}

export const problem = (code: ErrorCode, field: string, reason: string): Problem => ({
  ...{ code, field, reason, severity: 'error' },
});

export const warning = (field: string, reason: string): Problem => ({
  ...{ code: 'experiment_invalid', field, reason, severity: 'warning' },
});

/** Throws the first error among `problems` as a coded error; returns the warnings. */
export function refuseErrors(experiment: string, problems: readonly Problem[]): readonly Problem[] {
  const first = problems.find(({ severity }) => severity === 'error');
  if (first === undefined) return problems;
  const { code, field, reason } = first;
  throw new ShortlistError(code, { experiment, field, reason });
}

/** A coded error as a problem of the document it was thrown for; anything else is a bug and thrown on. */
export function problemOf(error: unknown, field: string): Problem {
  if (!(error instanceof ShortlistError)) throw error;
  const { code, details, message } = error;
  const reason = typeof details.reason === 'string' ? details.reason : message;
  return problem(code, typeof details.field === 'string' ? details.field : field, reason);
}
