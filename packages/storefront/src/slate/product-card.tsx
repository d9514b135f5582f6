import { useId, useState } from 'react';
import { productOf, type Recommendation } from '../api.ts';
import { Artwork } from '../artwork/artwork.tsx';
import { formatPrice } from '../price.ts';
import type { Look } from '../session/use-session.ts';
import { Trace } from './trace.tsx';

interface Props {
  readonly item: Recommendation;
  readonly slot: number;
  /** It was not in the slate before the last change. */
  readonly isNew: boolean;
  readonly requestId: string;
  readonly onLook: Look;
}

/** One slot of the slate: look at it (it joins the session), or ask why it is there. */
export function ProductCard({ item, slot, isNew, requestId, onLook }: Props) {
  const [open, setOpen] = useState(false);
  const traceId = useId();
  const product = productOf(item);
  return (
    <li className="card" data-open={open} data-item={item.item_id}>
      <button type="button" className="card-look" onClick={() => onLook(product, { requestId, position: slot })}>
        <span className="card-art">
          <Artwork product={product} />
          <span className="card-slot" aria-hidden="true">
            {slot}
          </span>
          {isNew && <span className="card-new">new here</span>}
        </span>
        <span className="card-brand">{product.brand || product.category}</span>
        <span className="card-title">{product.title}</span>
        <span className="card-price">{formatPrice(product.price)}</span>
      </button>
      <p className="card-reason">{item.reason ?? 'No reason was given.'}</p>
      <button
        type="button"
        className="card-why"
        aria-expanded={open}
        aria-controls={traceId}
        onClick={() => setOpen(!open)}
      >
        {open ? 'Hide the trace' : 'Why is this here?'}
      </button>
      <div id={traceId} hidden={!open}>
        {open && <Trace item={item} />}
      </div>
    </li>
  );
}
