import { Artwork } from '../artwork/artwork.tsx';
import { formatPrice } from '../price.ts';
import type { Session } from './use-session.ts';

interface Props {
  readonly session: Session;
  readonly onClear: () => void;
}

/** What was looked at in this visit, newest first: events that the shop has stored, or could not. */
export function SessionStrip({ session, onClear }: Props) {
  const { products, unsent } = session;
  return (
    <section className="panel" aria-labelledby="session-heading">
      <header>
        <h2 id="session-heading">Your session</h2>
        <button type="button" className="button quiet" disabled={products.length === 0} onClick={onClear}>
          Clear
        </button>
      </header>
      {unsent > 0 && (
        <p className="hint" role="alert">
          The shop could not store {unsent} of these; this page sends them along instead.
        </p>
      )}
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
