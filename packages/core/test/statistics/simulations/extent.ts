/** `make test-experiments` runs the simulations in full; a failure is repeated with its seed. */
export const FULL = process.env.SHORTLIST_EXPERIMENTS === 'full';
export const SEED = Number(process.env.EXPERIMENTS_SEED ?? 1);

/** The full or the quick value. */
export const extent = <T>(full: T, quick: T): T => (FULL ? full : quick);
