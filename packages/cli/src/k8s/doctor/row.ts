export type RowState = 'ok' | 'warning' | 'problem' | 'unknown';

/** One finding of `shortlist k8s doctor`. */
export interface Row {
  /** Which check found it; stable, for who reads the JSON. */
  readonly check: string;
  readonly state: RowState;
  /** What was looked at, as `kind/name` where it is an object. */
  readonly subject: string;
  /** What is the case. */
  readonly reason: string;
  /** What to do about it; a command where one does it. */
  readonly remedy?: string;
  /** Page in docs/ that says more. */
  readonly page?: string;
}

/** What to do, and where it is described. */
export interface Remedy {
  readonly remedy: string;
  readonly page?: string;
}

type Finding = (subject: string, reason: string, remedy: Remedy) => Row;

/** How the rows of one check are made. */
export interface Findings {
  readonly ok: (subject: string, reason: string) => Row;
  readonly warning: Finding;
  readonly problem: Finding;
  readonly unknown: (subject: string, reason: string, remedy?: Remedy) => Row;
}

export function findingsOf(check: string): Findings {
  return {
    ok: (subject, reason) => ({ check, state: 'ok', subject, reason }),
    warning: (subject, reason, remedy) => ({ check, state: 'warning', subject, reason, ...remedy }),
    problem: (subject, reason, remedy) => ({ check, state: 'problem', subject, reason, ...remedy }),
    unknown: (subject, reason, remedy) => ({ check, state: 'unknown', subject, reason, ...remedy }),
  };
}

/** 0: healthy, 1: something is wrong, 2: nothing wrong was seen, but not everything could be looked at. */
export function exitCodeOf(rows: readonly Row[]): 0 | 1 | 2 {
  if (rows.some(({ state }) => state === 'problem')) return 1;
  return rows.some(({ state }) => state === 'unknown') ? 2 : 0;
}
