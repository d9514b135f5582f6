import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

/**
 * Everything the demo shop is made from. Equal parameters give equal bytes; `generator.json` stores them together with
 * the calibration, which is all the oracle needs to rebuild every true preference.
 */
export interface GeneratorParameters {
  readonly seed: number;
  readonly items: number;
  /** Shoppers, known and anonymous together. */
  readonly users: number;
  readonly events: number;
  readonly days: number;
  /** End of the window, unix seconds, exclusive. */
  readonly untilS: number;
  /** Share of shoppers who never sign in. */
  readonly anonymousShare: number;
}

export const DEFAULT_PARAMETERS: GeneratorParameters = {
  seed: 42,
  items: 1_000,
  users: 500,
  events: 50_000,
  days: 90,
  untilS: Date.UTC(2026, 10, 1) / 1000,
  anonymousShare: 0.7,
};

const BOUNDS: Record<keyof GeneratorParameters, readonly [min: number, max: number, integer: boolean]> = {
  seed: [0, 4294967295, true],
  items: [50, 10_000_000, true],
  users: [2, 10_000_000, true],
  events: [1, 1_000_000_000, true],
  days: [1, 3650, true],
  untilS: [86_400, 253_402_300_800, false],
  anonymousShare: [0, 0.99, false],
};

/** The parameters, or `field_invalid` naming the first one that is out of bounds. */
export function checkParameters(parameters: GeneratorParameters): GeneratorParameters {
  for (const [field, [min, max, integer]] of Object.entries(BOUNDS)) {
    const value = parameters[field as keyof GeneratorParameters];
    if (!Number.isFinite(value) || value < min || value > max || (integer && !Number.isInteger(value))) {
      const reason = `expected ${integer ? 'an integer' : 'a number'} from ${min} to ${max}, got ${value}`;
      throw new ShortlistError('field_invalid', { field, reason });
    }
  }
  return parameters;
}

/** Start of the window, unix seconds. */
export const fromS = (parameters: GeneratorParameters): number => parameters.untilS - parameters.days * 86_400;

/** How many of the shoppers sign in; they come first. At least one. */
export const knownUsers = (parameters: GeneratorParameters): number =>
  Math.max(1, Math.round(parameters.users * (1 - parameters.anonymousShare)));
