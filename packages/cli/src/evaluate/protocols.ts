import type { Label } from './unit.ts';

/** The split that a dataset is known by, so that figures can be compared with published ones. */
export interface Protocol {
  /** ISO-8601; or days before the last event. */
  readonly trainUntil: string | { readonly daysBeforeEnd: number };
  readonly label: Label;
}

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  'online-retail': { trainUntil: '2011-11-09T00:00:00Z', label: 'purchase' },
  demo: { trainUntil: { daysBeforeEnd: 14 }, label: 'any' },
};

/** What any other dataset gets: its last week. */
const DEFAULT: Protocol = { trainUntil: { daysBeforeEnd: 7 }, label: 'purchase' };

export function protocolOf(dataset: string): Protocol {
  return PROTOCOLS[dataset] ?? DEFAULT;
}
