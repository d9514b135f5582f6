/**
 * Where things lie in the index's memory. Everything below TABLES is scratch space of one search; the host puts the codes
 * and tables behind it and says where they are (`configure`). Sizes in bytes are all multiples of 64, a cache line.
 */

/** Dimensions of a vector, a multiple of 16. */
export const DIM_MAX: i32 = 1024;
/** Neighbours that one search can keep for scoring anew. */
export const KEEP_MAX: i32 = 4096;
/** Lists of an index; a search may want all of them in order, so they are bounded by the room for hits. */
export const LISTS_MAX: i32 = 8192;
/** Bins of the histogram of scores, and of the finer one of a single bin. */
export const BINS: i32 = 4096;
/** Hits that fit between two selections; a block adds up to 16 at once. */
export const HITS_MAX: i32 = 8192;

/** The query as the host writes it: f32[dim]. The first bytes of the memory stay free, so that address 0 is nobody's. */
export const QUERY: usize = 1024;
/** The same, f64[dim], for exact scores. */
export const QUERY_F64: usize = QUERY + 4 * DIM_MAX;
/** Codes of the query: each group of 4 dimensions four times, to be multiplied with 4 items at once. i8[4 * dim]. */
export const QUERY_CODES: usize = QUERY_F64 + 8 * DIM_MAX;
/** Scores of the 16 items of a block: i32[16]. */
export const BLOCK_SCORES: usize = QUERY_CODES + 4 * DIM_MAX;
export const HISTOGRAM: usize = BLOCK_SCORES + 64;
export const FINE_HISTOGRAM: usize = HISTOGRAM + 4 * BINS;
/** (score i32, id i32) of what a scan let pass, in the order of the scan. */
export const HITS: usize = FINE_HISTOGRAM + 4 * BINS;
/** Queries of `products`, f32[queries, dim]: the room for hits, which only a search needs. */
export const QUERIES: usize = HITS;
/** Lists in the order in which they are visited: i32[]. */
export const PROBES: usize = HITS + 8 * (HITS_MAX + 16);
/** What is to be sorted: f64 keys and i32 ids. */
export const KEYS: usize = PROBES + 4 * LISTS_MAX;
export const IDS: usize = KEYS + 8 * LISTS_MAX;
/** The same, sorted: keys falling, equal keys by rising id. */
export const SORTED_KEYS: usize = IDS + 4 * LISTS_MAX;
export const SORTED_IDS: usize = SORTED_KEYS + 8 * LISTS_MAX;
/** The scores of a result, as the host reads them: f32[KEEP_MAX]. Its rows are SORTED_IDS. */
export const SCORES: usize = SORTED_IDS + 4 * LISTS_MAX;
/** First byte that is the host's to use. */
export const TABLES: usize = SCORES + 4 * KEEP_MAX;
