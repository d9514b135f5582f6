import type { Shopper } from './api.ts';
import type { Requested } from './use-request.ts';

interface Props {
  readonly shoppers: Requested<readonly Shopper[]>;
  /** '' is the anonymous shopper. */
  readonly userId: string;
  readonly onUser: (userId: string) => void;
}

export function ShopHeader({ shoppers, userId, onUser }: Props) {
  return (
    <header className="shop-header">
      <h1>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" fill="#f3c969" />
          <path d="M8 10h16M8 16h11M8 22h6" stroke="#1d3b34" strokeWidth="3" strokeLinecap="round" />
        </svg>
        Shortlist <span>demo shop</span>
      </h1>
      <label className="shopper">
        <span>Shopping as</span>
        <select value={userId} onChange={(event) => onUser(event.target.value)}>
          <option value="">Anonymous visitor</option>
          {shoppers.value !== null && shoppers.value.length > 0 && (
            <optgroup label="Known shoppers">
              {shoppers.value.map(({ user_id, label }) => (
                <option key={user_id} value={user_id}>
                  {label}
                </option>
              ))}
            </optgroup>
          )}
        </select>
        {shoppers.error !== null && (
          <button type="button" className="button quiet" onClick={shoppers.retry}>
            No list of shoppers. Try again
          </button>
        )}
      </label>
    </header>
  );
}

interface CategoriesProps {
  readonly categories: readonly string[];
  /** null is the whole shop. */
  readonly chosen: string | null;
  readonly onChoose: (category: string | null) => void;
}

export function Categories({ categories, chosen, onChoose }: CategoriesProps) {
  return (
    <nav className="categories" aria-label="Categories">
      {[null, ...categories].map((category) => (
        <button
          key={category ?? ''}
          type="button"
          aria-pressed={category === chosen}
          onClick={() => onChoose(category)}
        >
          {category ?? 'Everything'}
        </button>
      ))}
    </nav>
  );
}
