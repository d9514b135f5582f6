import type { ReactNode } from 'react';
import type { Palette } from './palette.ts';

/** Draws one kind of product on a 200 x 200 sheet. */
export type Glyph = (palette: Palette) => ReactNode;

/** Attributes of a round-ended stroke. */
export const line = (color: string, width = 6) =>
  ({ fill: 'none', stroke: color, strokeWidth: width, strokeLinecap: 'round', strokeLinejoin: 'round' }) as const;
