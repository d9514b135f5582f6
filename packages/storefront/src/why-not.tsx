import { useDeferredValue, useId, useState } from 'react';
import { fetchProducts, fetchSlate, type Product } from './api.ts';
import type { RecommendRequest } from '@shortlist/core/contracts/recommend.ts';
import { useRequest } from './use-request.ts';

const SUGGESTIONS = 8;
const SEARCH_LENGTH_MIN = 2;

const STAGES: Readonly<Record<string, string>> = {
  catalogue: 'Catalogue',
  retrieve: 'Not found by any source',
  filter: 'Filtered out',
  rank: 'Ranked too low',
  rerank: 'Moved out by rules or variety',
  slate: 'It is in the slate',
};

/** "Why is this product not in my slate?" for a named product: where on its way it was lost. */
export function WhyNot({ request }: { request: RecommendRequest }) {
  const [search, setSearch] = useState('');
  const [chosen, setChosen] = useState<Product | null>(null);
  const listId = useId();
  const text = useDeferredValue(search.trim());
  const searching = chosen === null && text.length >= SEARCH_LENGTH_MIN;
  const found = useRequest(`search ${searching ? text : ''}`, (signal) =>
    searching
      ? fetchProducts({ search: text, page_size: SUGGESTIONS }, signal).then(({ products }) => products)
      : Promise.resolve([]),
  );
  return (
    <section className="panel why-not" aria-labelledby="why-not-heading">
      <header>
        <h2 id="why-not-heading">Why not …?</h2>
      </header>
      <input
        type="search"
        role="combobox"
        aria-label="Name a product"
        aria-expanded={searching}
        aria-controls={listId}
        placeholder="Name a product"
        value={search}
        maxLength={200}
        onChange={(event) => {
          setSearch(event.target.value);
          setChosen(null);
        }}
      />
      <ul id={listId} className="suggestions" hidden={!searching} aria-label="Products">
        {(found.value ?? []).map((product) => (
          <li key={product.item_id}>
            <button
              type="button"
              onClick={() => {
                setChosen(product);
                setSearch(product.title);
              }}
            >
              {product.title}
            </button>
          </li>
        ))}
        {searching && !found.loading && found.value?.length === 0 && (
          <li className="hint">No product has that name.</li>
        )}
      </ul>
      {found.error !== null && <p className="hint">{found.error.message}</p>}
      {chosen === null ? (
        <p className="hint">Pick one that is missing, and see where it was lost.</p>
      ) : (
        <Verdict product={chosen} request={request} />
      )}
    </section>
  );
}

function Verdict({ product, request }: { product: Product; request: RecommendRequest }) {
  const asked: RecommendRequest = { ...request, why_not: [product.item_id] };
  const { value, error, loading } = useRequest(JSON.stringify(asked), (signal) => fetchSlate(asked, signal));
  if (error !== null) return <p className="verdict">{error.message}</p>;
  const verdict = value?.why_not?.[0];
  if (loading || verdict === undefined) return <p className="verdict">Asking …</p>;
  return (
    <p className="verdict" data-stage={verdict.stage} role="status">
      <b>{STAGES[verdict.stage] ?? verdict.stage}.</b> {verdict.reason}
    </p>
  );
}
