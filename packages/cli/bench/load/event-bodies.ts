import { seededRandom } from '@shortlist/core/statistics/seeded-random.ts';

const ID_DIGITS = 10;
const TYPES = ['view', 'view', 'view', 'view', 'click', 'click', 'impression', 'add_to_cart', 'wishlist', 'purchase'];

export interface EventBodiesOptions {
  /** Begins every event id; two runs on one database need two. */
  readonly run: string;
  readonly seed: number;
  readonly batch: number;
  readonly users: number;
  readonly items: number;
}

/**
 * Bodies of `POST /events` whose event ids never come twice: a few are written once, then only the digits of the ids
 * change, which costs next to nothing.
 */
export class EventBodies {
  readonly #templates: readonly { readonly body: Buffer; readonly places: readonly number[] }[];
  #next = 0;
  #sent = 0;

  constructor({ run, seed, batch, users, items }: EventBodiesOptions, templates = 16) {
    const random = seededRandom(seed);
    const below = (n: number) => Math.floor(random() * n);
    const placeholder = '#'.repeat(ID_DIGITS);
    const event = () => ({
      event_id: `${run}-${seed}-${placeholder}`,
      user_id: `user-${below(users)}`,
      session_id: `session-${below(users * 4)}`,
      item_id: `item-${Math.floor(items * random() ** 3)}`,
      type: TYPES[below(TYPES.length)]!,
      timestamp: Date.now() / 1000 - below(3_600),
      surface: 'home',
    });
    this.#templates = Array.from({ length: templates }, () => {
      const body = Buffer.from(JSON.stringify(batch === 1 ? event() : Array.from({ length: batch }, event)));
      const places: number[] = [];
      for (let at = body.indexOf(placeholder); at >= 0; at = body.indexOf(placeholder, at + 1)) places.push(at);
      return { body, places };
    });
  }

  /** Valid until the same template comes again. */
  next(): Buffer {
    const { body, places } = this.#templates[this.#next]!;
    this.#next = (this.#next + 1) % this.#templates.length;
    for (const place of places) {
      let rest = ++this.#sent;
      for (let at = place + ID_DIGITS - 1; at >= place; at--) {
        body[at] = 0x30 + (rest % 10);
        rest = Math.floor(rest / 10);
      }
    }
    return body;
  }
}
