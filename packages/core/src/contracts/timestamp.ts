const LATEST_S = 4_102_444_800; // 2100-01-01
/** Larger numbers are milliseconds: as seconds they would lie beyond the year 5000. */
const SECONDS_MAX = 1e11;
const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?)?\s*(Z|[+-]\d\d:?\d\d)?$/;
const NUMBER = /^\d{1,14}(\.\d+)?$/;

/** Unix seconds of an ISO-8601 text (UTC where it names no offset) or a number of seconds or ms; NaN if it is none. */
export function parseTimestamp(value: string | number): number {
  if (typeof value === 'number') return inRange(value > SECONDS_MAX ? value / 1000 : value);
  if (NUMBER.test(value)) return parseTimestamp(Number(value));
  const parts = ISO.exec(value);
  if (parts === null) return NaN;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '0', zone = 'Z'] = parts;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Date.UTC turns the 31st of February into a day of March; such a text is not a date.
  if (new Date(midnight).getUTCDate() !== Number(day) || Number(month) > 12) return NaN;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return NaN;
  const clock = Number(hour) * 3600 + Number(minute) * 60 + Number(second) + Number(fraction);
  return inRange(midnight / 1000 + clock - offsetOf(zone));
}

function offsetOf(zone: string): number {
  if (zone === 'Z') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(-2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}

const inRange = (timeS: number) => (timeS >= 0 && timeS <= LATEST_S ? timeS : NaN);
