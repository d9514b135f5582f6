import type { Product } from '../api.ts';
import { Artwork } from '../artwork/artwork.tsx';
import { formatPrice } from '../price.ts';

interface Props {
  readonly products: readonly Product[];
  readonly onClear: () => void;
}

/** What was looked at in this visit, newest first. The page sends it along; the server keeps none of it. */
export function SessionStrip({ products, onClear }: Props) {
  return (
    <section className="panel" aria-labelledby="session-heading">
      <header>
        <h2 id="session-heading">Your session</h2>
        <button type="button" className="button quiet" disabled={products.length === 0} onClick={onClear}>
          Clear
        </button>
      </header>
      {products.length === 0 ? (
        <p className="hint">Nothing yet. Look at a product, and the slate follows.</p>
      ) : (
        <ol className="session-items">
          {products.toReversed().map((product, index) => (
            <li key={`${product.item_id} ${products.length - index}`}>
              <Artwork product={product} />
              <span>
                <span className="session-title">{product.title}</span>
                <span className="hint">
                  {product.category} · {formatPrice(product.price)}
                </span>
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
