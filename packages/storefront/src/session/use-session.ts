import { useCallback, useState } from 'react';
import { sendEvent, type Product } from '../api.ts';

/** As many recent items as the contract allows. */
const RECENT_MAX = 100;
/** From the answer of `POST /events` to the next slate that knows of it: p99 by the service's promise. */
const SEEN_WITHIN_MS = 250;

export interface Session {
  readonly id: string;
  /** Oldest first. */
  readonly products: readonly Product[];
  /** Events that are stored and can be seen by now. */
  readonly stored: number;
  /** How many of the last products could not be stored: the page sends them along as `recent_items`. */
  readonly unsent: number;
}

/** Where in a slate a product was looked at. */
interface Place {
  readonly requestId: string;
  /** From 1. */
  readonly position: number;
}

export type Look = (product: Product, place?: Place) => void;

/** The visit: an id that stands for an anonymous shopper, and what was looked at. Each look is an event of the shop. */
export function useSession(userId: string) {
  const [session, setSession] = useState<Session>(startSession);
  const look = useCallback<Look>(
    (product, place) => {
      setSession((now) => ({ ...now, products: [...now.products, product].slice(-RECENT_MAX) }));
      const settle = (change: (now: Session) => Session) =>
        setSession((now) => (now.id === session.id ? change(now) : now));
      sendEvent({
        type: place === undefined ? 'view' : 'click',
        item_id: product.item_id,
        session_id: session.id,
        ...(userId === '' ? {} : { user_id: userId }),
        surface: 'home',
        ...(place === undefined ? {} : { request_id: place.requestId, position: place.position }),
      }).then(
        () => {
          setTimeout(() => settle((now) => ({ ...now, stored: now.stored + 1 })), SEEN_WITHIN_MS);
        },
        () => settle((now) => ({ ...now, unsent: Math.min(now.unsent + 1, RECENT_MAX) })),
      );
    },
    [session.id, userId],
  );
  const clear = useCallback(() => setSession(startSession()), []);
  return { session, look, clear };
}

function startSession(): Session {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id: `visit-${id}`, products: [], stored: 0, unsent: 0 };
}
