import { readFile } from 'node:fs/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/** Rises with every change that makes equal parameters give other bytes. */
export const GENERATOR_VERSION = 1;

const Count = Type.Integer({ minimum: 0 });
const File = Type.Object({ lines: Count, bytes: Count, sha256: Type.String() });

/** generator.json: written last, so its presence says that the other files are whole. */
const DescriptionSchema = Type.Object({
  version: Type.Literal(GENERATOR_VERSION),
  parameters: Type.Object({
    seed: Count,
    items: Count,
    users: Count,
    events: Count,
    days: Count,
    untilS: Type.Number(),
    anonymousShare: Type.Number(),
  }),
  /** Biases of the choice model (choice.ts). */
  calibration: Type.Object({ clickBias: Type.Number(), cartBias: Type.Number(), purchaseBias: Type.Number() }),
  data_from_s: Type.Number(),
  data_until_s: Type.Number(),
  files: Type.Object({ items: File, events: File, impressions: File }),
  counts: Type.Object({
    views: Count,
    carts: Count,
    purchases: Count,
    slates: Count,
    visits: Count,
    known_users: Count,
    /** Most events and slates that waited at once to be put into time order. */
    waiting_max: Count,
  }),
});
export type Description = Static<typeof DescriptionSchema>;

/** The description in `text`, undefined when it is none of this version. */
export function parseDescription(text: string): Description | undefined {
  try {
    return Value.Parse(DescriptionSchema, JSON.parse(text));
  } catch {
    return undefined; // not JSON, or JSON of something else: either way not a description
  }
}

/** The description in a generator.json. Throws `oracle_unusable` when it is missing or is not one. */
export async function readDescription(path: string): Promise<Description> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ShortlistError('oracle_unusable', { path, reason: error.code ?? error.message }, { cause: error });
  });
  const description = parseDescription(text);
  if (description === undefined) {
    const reason = `expected a generator.json of version ${GENERATOR_VERSION}`;
    throw new ShortlistError('oracle_unusable', { path, reason });
  }
  return description;
}
