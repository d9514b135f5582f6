import { useCallback, useMemo, useState } from 'react';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import { fetchProducts, fetchShoppers, fetchSimilar, fetchSlate, fetchTrending } from './api.ts';
import { SessionStrip } from './session/session-strip.tsx';
import { useSession } from './session/use-session.ts';
import { Shelf } from './shelf.tsx';
import { Categories, ShopHeader } from './shop-header.tsx';
import { SlateView } from './slate/slate-view.tsx';
import { useRequest } from './use-request.ts';
import { WhyNot } from './why-not.tsx';

const SLOTS = 10;
const SHELF_ITEMS = 8;
/** A person would rather wait a moment than see a refusal, which is what callers with a page to fill want. */
const DEADLINE_MS = 5_000;

/** The whole page. What decides the slate is the shopper, the category and the session; all else is shown, not sent. */
export function App() {
  const [userId, setUserId] = useState('');
  const [category, setCategory] = useState<string | null>(null);
  const { session, look, clear } = useSession(userId);
  const last = session.products.at(-1);
  // What could not be stored is sent along, so that the slate follows all the same.
  const unsent = session.products.slice(-session.unsent);

  const request = useMemo<RecommendRequest>(
    () => ({
      ...(userId === '' ? {} : { user_id: userId }),
      session_id: session.id,
      num_items: SLOTS,
      context: {
        surface: 'home',
        ...(category === null ? {} : { category }),
        ...(session.unsent === 0 ? {} : { recent_items: unsent.map(({ item_id }) => item_id) }),
      },
      explain: true,
      deadline_ms: DEADLINE_MS,
    }),
    [userId, category, session],
  );

  const shoppers = useRequest('shoppers', fetchShoppers);
  const catalogue = useRequest('categories', (signal) => fetchProducts({ page_size: 1 }, signal));
  const slate = useRequest(`${JSON.stringify(request)} ${session.stored}`, (signal) => fetchSlate(request, signal));
  const trending = useRequest(`trending ${category ?? ''}`, (signal) => fetchTrending(category, SHELF_ITEMS, signal));
  const similar = useRequest(`similar ${last?.item_id ?? ''}`, (signal) =>
    last === undefined ? Promise.resolve([]) : fetchSimilar(last.item_id, SHELF_ITEMS, signal),
  );

  const changeUser = useCallback(
    (next: string) => {
      clear();
      setUserId(next);
    },
    [clear],
  );
  const forWhom = userId === '' ? 'For you' : `For ${userId}`;
  const heading = category === null ? forWhom : `${forWhom}, in ${category}`;

  return (
    <>
      <a className="skip" href="#shop">
        Skip to the products
      </a>
      <ShopHeader shoppers={shoppers} userId={userId} onUser={changeUser} />
      <Categories categories={catalogue.value?.categories ?? []} chosen={category} onChoose={setCategory} />
      <div className="layout">
        <main id="shop" tabIndex={-1}>
          <SlateView slate={slate} slots={SLOTS} heading={heading} onLook={look} />
          {last !== undefined && <Shelf heading={`Like ${last.title}`} products={similar} onLook={look} />}
          <Shelf
            heading={category === null ? 'Trending in the shop' : `Trending in ${category}`}
            products={trending}
            onLook={look}
          />
        </main>
        <aside aria-label="Session and questions">
          <SessionStrip session={session} onClear={clear} />
          <WhyNot request={request} />
        </aside>
      </div>
    </>
  );
}
