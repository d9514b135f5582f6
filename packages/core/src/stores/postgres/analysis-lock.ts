/**
 * Advisory lock between erasures, which share it from their first statement to their end, and the moment at which an
 * analysis (packages/experiments) stores what it has added up: an erasure that it did not see is noticed then.
 */
export const ANALYSIS_LOCK = 0x5351_0001;
