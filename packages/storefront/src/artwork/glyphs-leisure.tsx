import { line, type Glyph } from './glyph.ts';

// Things to play, read, move and eat, and the parcel for all else.

export const tent: Glyph = ({ body, shade, accent }) => (
  <>
    <circle cx="144" cy="60" r="13" fill={accent} />
    <path d="M100 52L38 148h124z" fill={body} />
    <path d="M100 84l-24 64h48z" fill={shade} />
    <path d="M100 52l-6-10M100 52l6-10M30 149h140" {...line(shade, 5)} />
  </>
);

export const dumbbell: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(-24 100 100)">
    <path d="M68 100h64" {...line(shade, 12)} />
    <rect x="42" y="68" width="24" height="64" rx="9" fill={body} />
    <rect x="134" y="68" width="24" height="64" rx="9" fill={body} />
    <rect x="30" y="82" width="14" height="36" rx="6" fill={accent} />
    <rect x="156" y="82" width="14" height="36" rx="6" fill={accent} />
  </g>
);

export const backpack: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M84 56c0-22 32-22 32 0" {...line(shade, 7)} />
    <rect x="58" y="54" width="84" height="102" rx="26" fill={body} />
    <rect x="70" y="106" width="60" height="40" rx="10" fill={shade} />
    <path d="M84 120h32" {...line(accent, 6)} />
    <path d="M76 84h48" {...line(accent, 6)} />
  </>
);

export const flask: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(10 100 100)">
    <rect x="86" y="38" width="28" height="20" rx="6" fill={shade} />
    <rect x="76" y="58" width="48" height="102" rx="16" fill={body} />
    <rect x="76" y="84" width="48" height="16" fill={accent} />
    <path d="M88 114v28" {...line('#fff', 6)} />
  </g>
);

export const ball: Glyph = ({ body, shade, accent }) => (
  <>
    <circle cx="100" cy="100" r="54" fill={body} />
    <path d="M100 78l20 15-8 24H88l-8-24z" fill={accent} />
    <path d="M100 78V48M120 93l28-10M112 117l18 24M88 117l-18 24M80 93L52 83" {...line(shade, 6)} />
  </>
);

export const racket: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(32 100 100)">
    <ellipse cx="100" cy="76" rx="36" ry="44" {...line(body, 9)} />
    <path d="M82 42v68M100 34v84M118 42v68M68 62h64M66 80h68M72 98h56" {...line(shade, 2)} />
    <path d="M100 120v46" {...line(shade, 11)} />
    <circle cx="148" cy="128" r="12" fill={accent} />
  </g>
);

export const mat: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M52 118l92-40 24 34-92 44z" fill={body} />
    <circle cx="64" cy="136" r="24" fill={shade} />
    <path d="M64 136m-13 0a13 13 0 1 1 13 13" {...line(accent, 5)} />
    <path d="M100 98l24 34" {...line(accent, 5)} />
  </>
);

export const blocks: Glyph = ({ body, shade, accent }) => (
  <>
    <rect x="44" y="100" width="54" height="54" rx="8" fill={body} />
    <rect x="102" y="100" width="54" height="54" rx="8" fill={shade} />
    <path d="M100 42l32 54H68z" fill={accent} />
    <circle cx="71" cy="127" r="13" fill="#fff" opacity=".8" />
    <path d="M120 118l18 18M138 118l-18 18" {...line('#fff', 6)} />
  </>
);

export const bear: Glyph = ({ body, shade, accent }) => (
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

export const puzzle: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M48 60h36c-6-20 26-20 20 0h0v32c20-6 20 26 0 20v32H48z" fill={body} />
    <path d="M108 112c20 6 20-26 0-20V60h44v84h-44z" fill={accent} opacity=".9" />
    <path d="M48 102h20M84 144v-18" {...line(shade, 5)} />
  </>
);

export const car: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M62 102l18-34h48l22 34z" fill={accent} />
    <path d="M104 68v34M62 102h90" {...line(shade, 5)} />
    <rect x="36" y="100" width="130" height="36" rx="14" fill={body} />
    <circle cx="68" cy="138" r="17" fill={shade} />
    <circle cx="136" cy="138" r="17" fill={shade} />
    <circle cx="68" cy="138" r="6" fill="#fff" />
    <circle cx="136" cy="138" r="6" fill="#fff" />
  </>
);

export const book: Glyph = ({ body, shade, accent }) => (
  <g transform="rotate(-6 100 100)">
    <rect x="58" y="42" width="86" height="116" rx="6" fill={shade} />
    <path d="M62 150h78v-7H66a4 4 0 0 0-4 7z" fill="#fff" />
    <rect x="66" y="42" width="78" height="102" rx="4" fill={body} />
    <path d="M82 66h46M82 78h30" {...line('#fff', 5)} />
    <circle cx="105" cy="112" r="16" fill={accent} />
  </g>
);

export const openBook: Glyph = ({ body, shade, accent }) => (
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

export const carton: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 78l14-34h40l14 34z" fill={shade} />
    <rect x="66" y="78" width="68" height="76" rx="4" fill={body} />
    <path d="M80 44h40" {...line(accent, 8)} />
    <circle cx="100" cy="114" r="21" fill="#fff" opacity=".85" />
    <path d="M100 126c-14-6-12-22 2-24 12 2 12 20-2 24zM100 126v-16" {...line(accent, 4)} />
  </>
);

export const preserve: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M66 74c-8 8-10 14-10 24v42a14 14 0 0 0 14 14h60a14 14 0 0 0 14-14V98c0-10-2-16-10-24z" fill={body} />
    <rect x="60" y="50" width="80" height="24" rx="6" fill={accent} />
    <rect x="56" y="98" width="88" height="34" fill="#fff" opacity=".88" />
    <path d="M74 110h52M74 121h32" {...line(shade, 4)} />
  </>
);

export const parcel: Glyph = ({ body, shade, accent }) => (
  <>
    <path d="M100 46l56 26v58l-56 26-56-26V72z" fill={body} />
    <path d="M100 98v58l56-26V72z" fill={shade} />
    <path d="M72 59l56 26v22" {...line(accent, 8)} />
    <path d="M44 72l56 26 56-26" {...line('#fff', 3)} />
  </>
);
