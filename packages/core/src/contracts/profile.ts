/** What a store knows of a user or session: the last events, oldest first, by external item id. */
export interface ProfileEvents {
  readonly itemIds: readonly string[];
  /** Event codes (contracts/events.ts), parallel to `itemIds`. */
  readonly types: Uint8Array;
  /** Unix seconds, ascending, parallel to `itemIds`. */
  readonly timesS: Float64Array;
}

/** A profile in the row numbers of one release: flat arrays, oldest first, of which the first `length` are valid. */
export interface Profile {
  length: number;
  rows: Int32Array;
  types: Uint8Array;
  timesS: Float64Array;
}

export const EMPTY_PROFILE_EVENTS: ProfileEvents = {
  itemIds: [],
  types: new Uint8Array(0),
  timesS: new Float64Array(0),
};
