import type { ReactNode } from 'react';
import type { Palette } from './palette.ts';

/** Draws one kind of product on a 200 x 200 sheet. */
export type Glyph = (palette: Palette) => ReactNode;

const line = (color: string, width = 6) => ({
  fill: 'none',
  stroke: color,
  strokeWidth: width,
  strokeLinecap: 'round' as const,
  strokeLinejoin: 'round' as const,
});

const headphones: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M52 118V104a48 48 0 0 1 96 0v14" {...line(shade, 9)} />
    <rect x="42" y="108" width="26" height="46" rx="12" fill={body} />
    <rect x="132" y="108" width="26" height="46" rx="12" fill={body} />
    <circle cx="55" cy="131" r="5" fill={accent} />
    <circle cx="145" cy="131" r="5" fill={accent} />
  </>
);

const screen: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="40" y="54" width="120" height="78" rx="9" fill={shade} />
    <rect x="48" y="62" width="104" height="62" rx="4" fill={body} />
    <path d="M58 112l24-26 18 18 16-14 26 22z" fill={accent} opacity=".85" />
    <path d="M100 132v16M74 150h52" {...line(shade, 8)} />
  </>
);

const camera: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M76 68l8-14h32l8 14z" fill={shade} />
    <rect x="40" y="66" width="120" height="80" rx="13" fill={body} />
    <circle cx="100" cy="106" r="29" fill={shade} />
    <circle cx="100" cy="106" r="17" fill={accent} />
    <circle cx="94" cy="99" r="5" fill="#fff" opacity=".7" />
    <rect x="136" y="76" width="14" height="8" rx="3" fill={accent} />
  </>
);

const pot: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M54 96h92v36a20 20 0 0 1-20 20H74a20 20 0 0 1-20-20z" fill={body} />
    <rect x="46" y="84" width="108" height="14" rx="7" fill={shade} />
    <circle cx="100" cy="76" r="8" fill={accent} />
    <path d="M36 108h16M148 108h16" {...line(shade, 9)} />
    <path d="M82 62c-6-8 6-12 0-20M118 62c-6-8 6-12 0-20" {...line(accent, 4)} />
  </>
);

const mug: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M58 74h70v62a16 16 0 0 1-16 16H74a16 16 0 0 1-16-16z" fill={body} />
    <path d="M128 88h10a16 16 0 0 1 0 36h-10" {...line(shade, 9)} />
    <rect x="58" y="100" width="70" height="14" fill={accent} />
    <path d="M80 60c-6-8 6-10 0-18M104 60c-6-8 6-10 0-18" {...line(shade, 4)} />
  </>
);

const chair: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 150l6-26M134 150l-6-26" {...line(shade, 7)} />
    <path d="M62 54a14 14 0 0 1 14-14h48a14 14 0 0 1 14 14v50H62z" fill={body} />
    <rect x="50" y="98" width="100" height="28" rx="12" fill={shade} />
    <rect x="78" y="58" width="44" height="34" rx="9" fill={accent} />
  </>
);

const lamp: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M78 46h44l22 48H56z" fill={body} />
    <path d="M100 94v56M76 152h48" {...line(shade, 8)} />
    <path d="M64 94h72" {...line(accent, 6)} />
    <circle cx="100" cy="103" r="8" fill={accent} />
  </>
);

const shirt: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M78 48l-36 20 12 30 16-7v61h60V91l16 7 12-30-36-20c-8 14-36 14-44 0z" fill={body} />
    <path d="M78 48c8 14 36 14 44 0" {...line(shade, 6)} />
    <path d="M70 118h60M70 130h60" {...line(accent, 6)} />
  </>
);

const dress: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M82 44c2 14 34 14 36 0l10 6-8 34 30 68H50l30-68-8-34z" fill={body} />
    <path d="M79 86h42" {...line(accent, 8)} />
    <path d="M86 102l-12 44M114 102l12 44M100 102v44" {...line(shade, 3)} />
  </>
);

const sneaker: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M40 84c12 6 24 2 32-8l36 30 36 8c12 3 18 10 18 22v6H40z" fill={body} />
    <path d="M38 142h126v4a10 10 0 0 1-10 10H48a10 10 0 0 1-10-10z" fill={shade} />
    <path d="M82 88l-10 12M95 99l-10 12M108 109l-8 12" {...line('#fff', 5)} />
    <path d="M48 112c12 12 30 16 44 14" {...line(accent, 6)} />
  </>
);

const boot: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 44h46v62l36 16c10 4 14 10 14 22H66z" fill={body} />
    <path d="M64 144h98v6a8 8 0 0 1-8 8H64z" fill={shade} />
    <path d="M66 56h46" {...line(accent, 8)} />
    <path d="M112 76H98M112 90H98M112 104H98" {...line('#fff', 4)} />
  </>
);

const bottle: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="88" y="38" width="24" height="22" rx="4" fill={shade} />
    <path d="M84 60h32l10 18v64a12 12 0 0 1-12 12H86a12 12 0 0 1-12-12V78z" fill={body} />
    <rect x="74" y="92" width="52" height="36" fill="#fff" opacity=".85" />
    <path d="M100 98c10 8 10 18 0 24-10-6-10-16 0-24z" fill={accent} />
  </>
);

const jar: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="58" y="66" width="84" height="22" rx="7" fill={shade} />
    <path d="M62 88h76v50a14 14 0 0 1-14 14H76a14 14 0 0 1-14-14z" fill={body} />
    <circle cx="100" cy="119" r="18" fill="#fff" opacity=".85" />
    <path d="M100 108c8 7 8 15 0 21-8-6-8-14 0-21z" fill={accent} />
    <path d="M132 48l4 8 8 4-8 4-4 8-4-8-8-4 8-4z" fill={accent} />
  </>
);

const tent: Glyph = ({ body, shade, accent }) => (
  <>
    <circle cx="144" cy="60" r="13" fill={accent} />
    <path d="M100 52L38 148h124z" fill={body} />
    <path d="M100 84l-24 64h48z" fill={shade} />
    <path d="M100 52l-6-10M100 52l6-10M30 149h140" {...line(shade, 5)} />
  </>
);

const dumbbell: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(-24 100 100)">
    <path d="M68 100h64" {...line(shade, 12)} />
    <rect x="42" y="68" width="24" height="64" rx="9" fill={body} />
    <rect x="134" y="68" width="24" height="64" rx="9" fill={body} />
    <rect x="30" y="82" width="14" height="36" rx="6" fill={accent} />
    <rect x="156" y="82" width="14" height="36" rx="6" fill={accent} />
  </g>
);

const blocks: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="44" y="100" width="54" height="54" rx="8" fill={body} />
    <rect x="102" y="100" width="54" height="54" rx="8" fill={shade} />
    <path d="M100 42l32 54H68z" fill={accent} />
    <circle cx="71" cy="127" r="13" fill="#fff" opacity=".8" />
    <path d="M120 118l18 18M138 118l-18 18" {...line('#fff', 6)} />
  </>
);

const bear: Glyph = ({ body, shade, accent }) => (
  <>
    <circle cx="66" cy="66" r="19" fill={shade} />
    <circle cx="134" cy="66" r="19" fill={shade} />
    <circle cx="100" cy="102" r="50" fill={body} />
    <ellipse cx="100" cy="122" rx="23" ry="18" fill="#fff" opacity=".85" />
    <circle cx="82" cy="94" r="6" fill={shade} />
    <circle cx="118" cy="94" r="6" fill={shade} />
    <path d="M93 114h14l-7 8z" fill={shade} />
    <path d="M82 152l18-8 18 8-18 8z" fill={accent} />
  </>
);

const book: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(-6 100 100)">
    <rect x="58" y="42" width="86" height="116" rx="6" fill={shade} />
    <path d="M62 150h78v-7H66a4 4 0 0 0-4 7z" fill="#fff" />
    <rect x="66" y="42" width="78" height="102" rx="4" fill={body} />
    <path d="M82 66h46M82 78h30" {...line('#fff', 5)} />
    <circle cx="105" cy="112" r="16" fill={accent} />
  </g>
);

const openBook: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M100 64c-18-14-42-14-64-8v88c22-6 46-6 64 8 18-14 42-14 64-8V56c-22-6-46-6-64 8z" fill={body} />
    <path d="M100 64v88" {...line(shade, 5)} />
    <path
      d="M50 78c14-3 26-2 36 3M50 96c14-3 26-2 36 3M150 78c-14-3-26-2-36 3M150 96c-14-3-26-2-36 3"
      {...line('#fff', 4)}
    />
    <path d="M128 50v34l9-8 9 8V50z" fill={accent} />
  </>
);

const carton: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 78l14-34h40l14 34z" fill={shade} />
    <rect x="66" y="78" width="68" height="76" rx="4" fill={body} />
    <path d="M80 44h40" {...line(accent, 8)} />
    <circle cx="100" cy="114" r="21" fill="#fff" opacity=".85" />
    <path d="M100 126c-14-6-12-22 2-24 12 2 12 20-2 24zM100 126v-16" {...line(accent, 4)} />
  </>
);

const preserve: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 74c-8 8-10 14-10 24v42a14 14 0 0 0 14 14h60a14 14 0 0 0 14-14V98c0-10-2-16-10-24z" fill={body} />
    <rect x="60" y="50" width="80" height="24" rx="6" fill={accent} />
    <rect x="56" y="98" width="88" height="34" fill="#fff" opacity=".88" />
    <path d="M74 110h52M74 121h32" {...line(shade, 4)} />
  </>
);

const parcel: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M100 46l56 26v58l-56 26-56-26V72z" fill={body} />
    <path d="M100 98v58l56-26V72z" fill={shade} />
    <path d="M72 59l56 26v22" {...line(accent, 8)} />
    <path d="M44 72l56 26 56-26" {...line('#fff', 3)} />
  </>
);

/** Words of a title that have a picture of their own, most telling first. */
const BY_WORD: readonly (readonly [RegExp, Glyph])[] = [
  [/headphone|earbud|speaker|microphone/i, headphones],
  [/camera|drone|projector/i, camera],
  [/mug|teapot|kettle|espresso|coffee maker|cup\b/i, mug],
  [/lamp|mirror|light\b|lantern/i, lamp],
  [/dress|skirt|blouse/i, dress],
  [/boots?\b/i, boot],
  [/cream|mask|balm|soap/i, jar],
  [/dumbbell|rope|gloves|racket/i, dumbbell],
  [/bear|dinosaur|doll|robot/i, bear],
  [/essays|poems|guide|history/i, openBook],
  [/jam|butter|sauce|oil|honey/i, preserve],
];

const BY_CATEGORY: Readonly<Record<string, Glyph>> = {
  Electronics: screen,
  Kitchen: pot,
  Furniture: chair,
  Clothing: shirt,
  Shoes: sneaker,
  Beauty: bottle,
  Sports: tent,
  Toys: blocks,
  Books: book,
  Grocery: carton,
};

/** The picture that suits a product: by a word of its title, else by its category, else a parcel. */
export function glyphOf(category: string, title: string): Glyph {
  if (category === 'Books') return /essays|poems|guide|history/i.test(title) ? openBook : book;
  return BY_WORD.find(([word]) => word.test(title))?.[1] ?? BY_CATEGORY[category] ?? parcel;
}
