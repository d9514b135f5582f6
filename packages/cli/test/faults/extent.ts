/** `make test-faults` runs the long versions; a failure is repeated with the seed that its test names. */
export const FULL = process.env.SHORTLIST_FAULTS === 'full';
export const SEED = Number(process.env.FAULT_SEED ?? 7);

/** The long or the quick value. */
export const extent = <T>(full: T, quick: T): T => (FULL ? full : quick);
