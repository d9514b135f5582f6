import { useCallback, useState } from 'react';
import type { Product } from '../api.ts';

/** As many recent items as the contract allows. */
const RECENT_MAX = 100;

export interface Session {
  readonly id: string;
  /** Oldest first, as `context.recent_items` wants it. */
  readonly products: readonly Product[];
}

/** The visit: an id that stands for an anonymous shopper, and what was looked at. */
export function useSession() {
  const [session, setSession] = useState<Session>(startSession);
  const look = useCallback(
    (product: Product) =>
      setSession(({ id, products }) => ({ id, products: [...products, product].slice(-RECENT_MAX) })),
    [],
  );
  const clear = useCallback(() => setSession(startSession()), []);
  return { session, look, clear };
}

function startSession(): Session {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id: `visit-${id}`, products: [] };
}
