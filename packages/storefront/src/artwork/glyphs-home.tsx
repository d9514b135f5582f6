import { line, type Glyph } from './glyph.ts';

// Things that stand or lie in a home.

export const screen: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="40" y="54" width="120" height="78" rx="9" fill={shade} />
    <rect x="48" y="62" width="104" height="62" rx="4" fill={body} />
    <path d="M58 112l24-26 18 18 16-14 26 22z" fill={accent} opacity=".85" />
    <path d="M100 132v16M74 150h52" {...line(shade, 8)} />
  </>
);

export const headphones: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M52 118V104a48 48 0 0 1 96 0v14" {...line(shade, 9)} />
    <rect x="42" y="108" width="26" height="46" rx="12" fill={body} />
    <rect x="132" y="108" width="26" height="46" rx="12" fill={body} />
    <circle cx="55" cy="131" r="5" fill={accent} />
    <circle cx="145" cy="131" r="5" fill={accent} />
  </>
);

export const camera: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M76 68l8-14h32l8 14z" fill={shade} />
    <rect x="40" y="66" width="120" height="80" rx="13" fill={body} />
    <circle cx="100" cy="106" r="29" fill={shade} />
    <circle cx="100" cy="106" r="17" fill={accent} />
    <circle cx="94" cy="99" r="5" fill="#fff" opacity=".7" />
    <rect x="136" y="76" width="14" height="8" rx="3" fill={accent} />
  </>
);

export const tablet: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(8 100 100)">
    <rect x="60" y="40" width="80" height="118" rx="12" fill={shade} />
    <rect x="68" y="52" width="64" height="90" rx="4" fill={body} />
    <path d="M78 70h44M78 84h32" {...line('#fff', 5)} />
    <rect x="78" y="98" width="44" height="32" rx="5" fill={accent} />
    <circle cx="100" cy="150" r="4" fill={accent} />
  </g>
);

export const watch: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M82 36h36l6 34H76zM76 130h48l-6 34H82z" fill={shade} />
    <rect x="62" y="62" width="76" height="76" rx="20" fill={body} />
    <circle cx="100" cy="100" r="26" fill="#fff" opacity=".9" />
    <path d="M100 84v17l11 8" {...line(accent, 5)} />
    <rect x="138" y="92" width="8" height="16" rx="4" fill={shade} />
  </>
);

export const router: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M62 112V66M138 112V66" {...line(shade, 7)} />
    <rect x="42" y="110" width="116" height="40" rx="12" fill={body} />
    <path d="M80 84a28 28 0 0 1 40 0M90 96a14 14 0 0 1 20 0" {...line(accent, 6)} />
    <circle cx="62" cy="130" r="5" fill={accent} />
    <path d="M78 130h60" {...line(shade, 5)} />
  </>
);

export const pot: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M54 96h92v36a20 20 0 0 1-20 20H74a20 20 0 0 1-20-20z" fill={body} />
    <rect x="46" y="84" width="108" height="14" rx="7" fill={shade} />
    <circle cx="100" cy="76" r="8" fill={accent} />
    <path d="M36 108h16M148 108h16" {...line(shade, 9)} />
    <path d="M82 62c-6-8 6-12 0-20M118 62c-6-8 6-12 0-20" {...line(accent, 4)} />
  </>
);

export const mug: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M58 74h70v62a16 16 0 0 1-16 16H74a16 16 0 0 1-16-16z" fill={body} />
    <path d="M128 88h10a16 16 0 0 1 0 36h-10" {...line(shade, 9)} />
    <rect x="58" y="100" width="70" height="14" fill={accent} />
    <path d="M80 60c-6-8 6-10 0-18M104 60c-6-8 6-10 0-18" {...line(shade, 4)} />
  </>
);

export const board: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(-14 100 100)">
    <rect x="46" y="60" width="70" height="96" rx="12" fill={body} />
    <path d="M72 60V46a9 9 0 0 1 18 0v14z" fill={body} />
    <circle cx="81" cy="50" r="4" fill="#fff" />
    <path d="M58 80h46M58 96h46M58 112h46" {...line(shade, 3)} />
    <path d="M132 44c16 18 18 46 8 72h-14V44z" fill={accent} />
    <rect x="126" y="116" width="14" height="42" rx="6" fill={shade} />
  </g>
);

export const chair: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 150l6-26M134 150l-6-26" {...line(shade, 7)} />
    <path d="M62 54a14 14 0 0 1 14-14h48a14 14 0 0 1 14 14v50H62z" fill={body} />
    <rect x="50" y="98" width="100" height="28" rx="12" fill={shade} />
    <rect x="78" y="58" width="44" height="34" rx="9" fill={accent} />
  </>
);

export const table: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M60 92l-8 62M140 92l8 62" {...line(shade, 8)} />
    <rect x="36" y="80" width="128" height="16" rx="7" fill={body} />
    <path d="M90 80l-5-24h30l-5 24z" fill={accent} />
    <path d="M100 56c-3-14-16-14-18-18 12-4 18 6 18 18zm0 0c3-10 12-12 15-16-10-2-15 6-15 16z" fill={body} />
  </>
);

export const lamp: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M78 46h44l22 48H56z" fill={body} />
    <path d="M100 94v56M76 152h48" {...line(shade, 8)} />
    <path d="M64 94h72" {...line(accent, 6)} />
    <circle cx="100" cy="103" r="8" fill={accent} />
  </>
);
