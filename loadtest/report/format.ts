/** Numbers as a person reads them; shared by the text and the HTML report. */

export const ms = (value: number | null): string =>
  value === null ? '–' : value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0);

/** A share as percent, with the digits that tell 0.1 % from nothing. */
export function percent(share: number): string {
  if (share === 0) return '0 %';
  const value = share * 100;
  return `${value < 0.01 ? '< 0.01' : value < 1 ? value.toFixed(2) : value < 10 ? value.toFixed(1) : value.toFixed(0)} %`;
}

export const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** With separators, which k6's JavaScript has no locale for. */
export const count = (value: number): string => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');

export function measured(value: number | null, unit: 'ms' | 'share' | 'count'): string {
  if (value === null) return 'not measured';
  return unit === 'ms' ? `${ms(value)} ms` : unit === 'share' ? percent(value) : count(value);
}
