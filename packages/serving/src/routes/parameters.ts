import { Type } from 'typebox';

/** Query parameters that several routes share; the bounds are those of POST /recommend. */
export const IdParameter = (description: string) => Type.String({ minLength: 1, maxLength: 256, description });

export const CategoryParameter = () => IdParameter('Only items of this category.');

export const LimitParameter = () =>
  Type.Integer({ minimum: 1, maximum: 100, default: 10, description: 'How many items.' });
