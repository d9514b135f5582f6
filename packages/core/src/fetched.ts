/**
 * Where loops of nothing but loads leave what they loaded, so that the compiler keeps them. Such a loop waits for many lines
 * of memory at once; the work behind it would wait for each in turn.
 */
export const fetched = { bits: 0 };
