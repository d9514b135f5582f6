import type { Product } from '../api.ts';
import { glyphOf } from './glyph-of.ts';
import { hash } from './hash.ts';
import { paletteOf, type Palette } from './palette.ts';

/** A product's picture, drawn from its data alone: nothing is loaded, and the same product always looks the same. */
export function Artwork({ product }: { product: Product }) {
  const palette = paletteOf(product.category, product.brand, product.title);
  const seed = hash(product.title);
  return (
    <svg className="artwork" viewBox="0 0 200 200" aria-hidden="true" focusable="false">
      <rect width="200" height="200" fill={palette.paper} />
      <Backdrop palette={palette} seed={seed} />
      <ellipse cx="100" cy="163" rx="56" ry="6" fill={palette.shade} opacity=".13" />
      {glyphOf(product.category, product.title)(palette)}
    </svg>
  );
}

/** One of five backgrounds, turned and sized by the seed. */
function Backdrop({ palette, seed }: { palette: Palette; seed: number }) {
  const turn = (seed >>> 4) % 360;
  const size = 62 + ((seed >>> 12) % 18);
  switch (seed % 5) {
    case 0:
      return <circle cx={84 + (turn % 32)} cy={84 + (seed % 24)} r={size} fill={palette.shape} />;
    case 1:
      return (
        <rect
          x={100 - size}
          y={100 - size}
          width={2 * size}
          height={2 * size}
          rx="34"
          fill={palette.shape}
          transform={`rotate(${turn} 100 100)`}
        />
      );
    case 2:
      return <path d="M0 128c44-34 74 14 118-12s58-30 82-18v102H0z" fill={palette.shape} />;
    case 3:
      return (
        <g fill={palette.shape}>
          {Array.from({ length: 25 }, (_, dot) => (
            <circle
              key={dot}
              cx={20 + (dot % 5) * 40}
              cy={20 + Math.floor(dot / 5) * 40}
              r={6 + ((seed >>> (dot % 16)) % 5)}
            />
          ))}
        </g>
      );
    default:
      return (
        <g stroke={palette.shape} strokeWidth="13" transform={`rotate(${turn % 90} 100 100)`}>
          {Array.from({ length: 9 }, (_, stripe) => (
            <path key={stripe} d={`M${-40 + stripe * 36} -60v320`} />
          ))}
        </g>
      );
  }
}
