import { useId } from 'react';
import type { Product } from './api.ts';
import { Artwork } from './artwork/artwork.tsx';
import { formatPrice } from './price.ts';
import { Problem } from './problem.tsx';
import type { Requested } from './use-request.ts';

interface Props {
  readonly heading: string;
  readonly products: Requested<readonly Product[]>;
  readonly onLook: (product: Product) => void;
}

/** A row of products that is the same for everyone: what trends, what is like the last one. */
export function Shelf({ heading, products, onLook }: Props) {
  const headingId = useId();
  const { value, error, retry, loading } = products;
  return (
    <section className="shelf" aria-labelledby={headingId} aria-busy={loading}>
      <h2 id={headingId}>{heading}</h2>
      {error !== null && <Problem error={error} retry={retry} />}
      {error === null && value?.length === 0 && <p className="empty">Nothing to show here.</p>}
      {error === null && (
        <ul>
          {(value ?? []).map((product) => (
            <li key={product.item_id}>
              <button type="button" onClick={() => onLook(product)}>
                <Artwork product={product} />
                <span className="shelf-title">{product.title}</span>
                <span className="card-price">{formatPrice(product.price)}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
