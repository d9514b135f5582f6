import { line, type Glyph } from './glyph.ts';

// Things to wear, and what cares for the one who wears them.

export const shirt: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M78 48l-36 20 12 30 16-7v61h60V91l16 7 12-30-36-20c-8 14-36 14-44 0z" fill={body} />
    <path d="M78 48c8 14 36 14 44 0" {...line(shade, 6)} />
    <path d="M70 118h60M70 130h60" {...line(accent, 6)} />
  </>
);

export const dress: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M82 44c2 14 34 14 36 0l10 6-8 34 30 68H50l30-68-8-34z" fill={body} />
    <path d="M79 86h42" {...line(accent, 8)} />
    <path d="M86 102l-12 44M114 102l12 44M100 102v44" {...line(shade, 3)} />
  </>
);

export const trousers: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M68 44h64l10 112h-30l-12-70-12 70H58z" fill={body} />
    <rect x="66" y="42" width="68" height="14" rx="4" fill={shade} />
    <path d="M100 56v30M76 70c0 8-4 12-8 13M124 70c0 8 4 12 8 13" {...line(shade, 4)} />
    <circle cx="100" cy="49" r="4" fill={accent} />
  </>
);

export const coat: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M80 42l-32 16-12 76 20 4 8-38v58h72v-58l8 38 20-4-12-76-32-16-20 12z" fill={body} />
    <path d="M80 42l20 34 20-34M100 76v80" {...line(shade, 6)} />
    <circle cx="110" cy="100" r="5" fill={accent} />
    <circle cx="110" cy="122" r="5" fill={accent} />
    <path d="M72 126h16M118 140h12" {...line(shade, 5)} />
  </>
);

export const sneaker: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M40 84c12 6 24 2 32-8l36 30 36 8c12 3 18 10 18 22v6H40z" fill={body} />
    <path d="M38 142h126v4a10 10 0 0 1-10 10H48a10 10 0 0 1-10-10z" fill={shade} />
    <path d="M82 88l-10 12M95 99l-10 12M108 109l-8 12" {...line('#fff', 5)} />
    <path d="M48 112c12 12 30 16 44 14" {...line(accent, 6)} />
  </>
);

export const boot: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 44h46v62l36 16c10 4 14 10 14 22H66z" fill={body} />
    <path d="M64 144h98v6a8 8 0 0 1-8 8H64z" fill={shade} />
    <path d="M66 56h46" {...line(accent, 8)} />
    <path d="M112 76H98M112 90H98M112 104H98" {...line('#fff', 4)} />
  </>
);

export const sandal: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(-16 100 100)">
    <path d="M38 118c0-14 16-16 34-12 26 6 52 6 72-4 14-6 24 2 22 14-2 14-20 20-44 22-40 4-84 2-84-20z" fill={body} />
    <path d="M40 128c8 16 46 18 82 14 24-2 40-8 44-20v8c-2 14-20 22-44 24-36 4-84 2-82-26z" fill={shade} />
    <path d="M60 106c8-30 36-40 54-2M118 104c6-20 22-24 34-8" {...line(accent, 9)} />
  </g>
);

export const bottle: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="88" y="38" width="24" height="22" rx="4" fill={shade} />
    <path d="M84 60h32l10 18v64a12 12 0 0 1-12 12H86a12 12 0 0 1-12-12V78z" fill={body} />
    <rect x="74" y="92" width="52" height="36" fill="#fff" opacity=".85" />
    <path d="M100 98c10 8 10 18 0 24-10-6-10-16 0-24z" fill={accent} />
  </>
);

export const jar: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="58" y="66" width="84" height="22" rx="7" fill={shade} />
    <path d="M62 88h76v50a14 14 0 0 1-14 14H76a14 14 0 0 1-14-14z" fill={body} />
    <circle cx="100" cy="119" r="18" fill="#fff" opacity=".85" />
    <path d="M100 108c8 7 8 15 0 21-8-6-8-14 0-21z" fill={accent} />
    <path d="M132 48l4 8 8 4-8 4-4 8-4-8-8-4 8-4z" fill={accent} />
  </>
);
