import type { Rule } from './structural-schema.ts';

const DAY = [
  '(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])',
  '(0[469]|11)-(0[1-9]|[12][0-9]|30)',
  '02-(0[1-9]|[12][0-9])',
].join('|');
const HOUR = '([01][0-9]|2[0-3])';
const CLOCK = `T${HOUR}:[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?(Z|[+-]${HOUR}:[0-5][0-9])`;
const DATE = `^[0-9]{4}-(${DAY})(${CLOCK})?$`;
/** Enough to be read below. */
const SHAPE = `^[0-9]{4}-[01][0-9]-[0-3][0-9](T[0-2][0-9]:[0-5][0-9].*[Z0-9])?$`;

const year = `int(self.substring(0, 4))`;

/** The pattern of times in contracts/experiment.ts, in words. It is stricter: the calendar has no 31st of April. */
export const DATE_RULE: Rule = {
  rule: `self.matches('${DATE}') && (self.substring(5, 10) != '02-29' || ${year} % 4 == 0 && (${year} % 100 != 0 || ${year} % 400 == 0))`,
  message: 'this is no date: write 2026-11-21T08:00:00Z, or 2026-11-21 for midnight UTC',
};

/** CEL that says whether all of these texts look like dates: where one does not, its own rule has the message. */
export const areDates = (...texts: readonly string[]): string =>
  texts.map((text) => `${text}.matches('${SHAPE}')`).join(' && ');

/** CEL of the moment of a date's text, which may leave out the seconds or the time of day. */
export const momentOf = (text: string): string =>
  `timestamp(${text}.size() == 10 ? ${text} + 'T00:00:00Z' : ${text}.substring(16, 17) == ':' ? ${text} : ${text}.substring(0, 16) + ':00' + ${text}.substring(16))`;
