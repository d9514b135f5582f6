import type { Recommendation, RecommendRequest, RecommendResponse } from '@shortlist/core/contracts/recommend.ts';

export type { Recommendation, RecommendResponse, Tier } from '@shortlist/core/contracts/recommend.ts';

/** A product as the page shows it, wherever it came from. */
export interface Product {
  readonly item_id: string;
  readonly title: string;
  readonly category: string;
  readonly brand: string;
  readonly price: number;
}

export interface Shopper {
  readonly user_id: string;
  readonly label: string;
}

export interface ProductPage {
  readonly products: readonly (Product & { readonly available: boolean })[];
  readonly total: number;
  readonly categories: readonly string[];
}

/** What the server said went wrong, or that it could not be reached. */
export class ApiError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

export const productOf = ({ item_id, metadata }: Recommendation): Product => ({ item_id, ...metadata });

export const fetchShoppers = (signal: AbortSignal): Promise<readonly Shopper[]> =>
  get<{ users: Shopper[] }>('/storefront/shoppers', {}, signal).then(({ users }) => users);

export const fetchProducts = (
  query: { search?: string; category?: string; page_size: number },
  signal: AbortSignal,
): Promise<ProductPage> => get('/products', query, signal);

export const fetchSimilar = (productId: string, k: number, signal: AbortSignal): Promise<readonly Product[]> =>
  get<{ items: Recommendation[] }>('/similar-products', { product_id: productId, k }, signal).then(({ items }) =>
    items.map(productOf),
  );

export const fetchTrending = (category: string | null, k: number, signal: AbortSignal): Promise<readonly Product[]> =>
  get<{ items: Recommendation[] }>('/trending', { k, ...(category === null ? {} : { category }) }, signal).then(
    ({ items }) => items.map(productOf),
  );

export const fetchSlate = (request: RecommendRequest, signal: AbortSignal): Promise<RecommendResponse> =>
  ask('/recommend', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
    signal,
  });

/** What a shopper did, as `POST /events` takes it. */
export interface ShopEvent {
  readonly type: 'click' | 'view';
  readonly item_id: string;
  readonly session_id: string;
  readonly user_id?: string;
  readonly surface: string;
  /** The slate it follows, and the place in it, from 1. */
  readonly request_id?: string;
  readonly position?: number;
}

/** Resolves when the event is stored. */
export const sendEvent = (event: ShopEvent): Promise<unknown> =>
  ask('/events', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(event) });

function get<T>(path: string, query: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<T> {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  return ask(text === '' ? path : `${path}?${text}`, { signal });
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  const response = await fetch(url, init).catch((error: unknown) => {
    if (init.signal?.aborted === true) throw error;
    throw new ApiError('unreachable', 'The shop does not answer. Is `shortlist up` still running?');
  });
  const body = (await response.json().catch(() => null)) as { error?: { code: string; message?: string } } | null;
  if (!response.ok || body === null) {
    const code = body?.error?.code ?? `http_${response.status}`;
    throw new ApiError(code, body?.error?.message ?? `The shop answered with status ${response.status}.`);
  }
  return body as T;
}
