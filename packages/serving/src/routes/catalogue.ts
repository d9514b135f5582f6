import { Type } from 'typebox';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { RecommendationSchema } from '@shortlist/core/contracts/recommend.ts';
import { json } from '@shortlist/service/http/replies.ts';
import { CategoryParameter, IdParameter, LimitParameter } from './parameters.ts';
import { route } from './route.ts';

const closed = { additionalProperties: false } as const;

const ItemListSchema = Type.Object({
  items: Type.Array(RecommendationSchema),
  model_version: Type.String({ description: 'The release that answered.' }),
});

const ProductPageSchema = Type.Object({
  products: Type.Array(
    Type.Object({
      item_id: Type.String(),
      title: Type.String(),
      category: Type.String(),
      brand: Type.String(),
      price: Type.Number(),
      available: Type.Boolean(),
    }),
  ),
  page: Type.Integer(),
  page_size: Type.Integer(),
  total: Type.Integer({ description: 'Products that match, over all pages.' }),
  categories: Type.Array(Type.String(), { description: 'Every category of the catalogue.' }),
});

/** Far beyond any page a person turns to; keeps the offset a small integer. */
const PAGE_MAX = 100_000;
const Price = (description: string) => Type.Optional(Type.Number({ minimum: 0, description }));

export const CATALOGUE_ROUTES = [
  route({
    method: 'GET',
    path: '/similar-products',
    port: 'public',
    group: 'Catalogue',
    summary: 'The products most like one product.',
    query: Type.Object({ product_id: IdParameter('Item id.'), k: LimitParameter() }, closed),
    answers: ItemListSchema,
    errors: ['field_invalid', 'item_not_found', 'not_ready'],
    handle: async ({ query }, { lifecycle }) =>
      json(200, await lifecycle.recommender.similar(query.product_id, query.k)),
  }),
  route({
    method: 'GET',
    path: '/trending',
    port: 'public',
    group: 'Catalogue',
    summary: 'What sells now, overall or in one category.',
    query: Type.Object({ category: Type.Optional(CategoryParameter()), k: LimitParameter() }, closed),
    answers: ItemListSchema,
    errors: ['field_invalid', 'not_ready'],
    handle: async ({ query }, { lifecycle }) =>
      json(200, await lifecycle.recommender.trending(query.category, query.k)),
  }),
  route({
    method: 'GET',
    path: '/products',
    port: 'public',
    group: 'Catalogue',
    summary: 'One page of the catalogue, searched and filtered.',
    query: Type.Object(
      {
        search: Type.Optional(Type.String({ maxLength: 200, description: 'Words of the title or brand.' })),
        category: Type.Optional(CategoryParameter()),
        min_price: Price('Lowest price, inclusive.'),
        max_price: Price('Highest price, inclusive.'),
        page: Type.Integer({ minimum: 1, maximum: PAGE_MAX, default: 1, description: 'Counts from 1.' }),
        page_size: Type.Integer({ minimum: 1, maximum: 100, default: 20 }),
      },
      closed,
    ),
    answers: ProductPageSchema,
    errors: ['field_invalid', 'not_ready'],
    handle: async ({ query }, { lifecycle }) => {
      const { search, category, min_price: minPrice, max_price: maxPrice, page, page_size: pageSize } = query;
      if (minPrice !== undefined && maxPrice !== undefined && minPrice > maxPrice) {
        throw new ShortlistError('field_invalid', { field: 'min_price', reason: 'is above max_price' });
      }
      const found = await lifecycle.recommender.products({
        ...(search === undefined ? {} : { search }),
        ...(category === undefined ? {} : { category }),
        ...(minPrice === undefined ? {} : { minPrice }),
        ...(maxPrice === undefined ? {} : { maxPrice }),
        page,
        pageSize,
      });
      return json(200, found);
    },
  }),
];
