/** Of whom a rejected payload tells; it was refused, so it has no structure that could be relied on. */
export interface NamesInPayload {
  /** The ids as JSON strings, alone and as units. */
  readonly texts: readonly string[];
  /** Regular expression (JavaScript's and PostgreSQL's alike) for ids that were sent as numbers; null: none could be. */
  readonly numbers: string | null;
}

/** Keys under which senders number people: events', and Shopify's `customer: {"id": 1}`. */
const KEYS = 'id|user_id|session_id|customer_id';

/** How ids of people may stand in a payload. */
export function namesInPayload(ids: readonly string[]): NamesInPayload {
  // A bare number says whose it is only behind a key: 5 may be a quantity.
  const numbers = ids.filter((id) => /^\d+$/.test(id));
  return {
    texts: ids.flatMap((id) => [id, `u:${id}`, `s:${id}`].map((text) => JSON.stringify(text))),
    numbers: numbers.length === 0 ? null : `"(${KEYS})"\\s*:\\s*(${numbers.join('|')})(?![0-9.eE])`,
  };
}
