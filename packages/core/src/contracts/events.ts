/** Event types in wire order: the index is the code stored in logs, profiles and Arrow files. 0 is padding. */
export const EVENT_TYPES = [
  '',
  'view',
  'click',
  'impression',
  'add_to_cart',
  'remove_from_cart',
  'wishlist',
  'purchase',
  'rating',
  'hide',
  'search',
] as const;

export type EventType = Exclude<(typeof EVENT_TYPES)[number], ''>;

/** Code of each event type, e.g. `EVENT_CODE.purchase`. */
export const EVENT_CODE = Object.fromEntries(EVENT_TYPES.map((type, code) => [type, code])) as Record<
  EventType,
  number
>;

const WEIGHTS: Partial<Record<EventType, number>> = { view: 1, click: 1, wishlist: 2, add_to_cart: 3, purchase: 5 };

/** How much one event says about interest, by event code: view 1, add_to_cart 3, purchase 5; 0 says nothing. */
export const EVENT_WEIGHT = Float32Array.from(EVENT_TYPES, (type) => (type === '' ? 0 : (WEIGHTS[type] ?? 0)));
