/**
 * PostgreSQL's binary format, written into one growing buffer: neither side turns a number into text and back, and no
 * string is put together on the way.
 */
const MICROSECONDS_PER_DAY = 86_400e6;
/** 2000-01-01, PostgreSQL's time zero. */
const POSTGRES_ZERO_US = 946_684_800e6;
const POSTGRES_ZERO_DAY = 10_957;
const TWO_32 = 2 ** 32;

/** Microseconds since 1970 of a time in seconds: what is stored of it. */
export const microsecondsOf = (timeS: number): number => Math.round(timeS * 1e6);

/** The UTC day in which those lie, from 1970-01-01. */
export const dayOfMicroseconds = (us: number): number => Math.floor(us / MICROSECONDS_PER_DAY);

export class BinaryWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(bytes = 1 << 16) {
    this.#buffer = Buffer.allocUnsafe(bytes);
  }

  /** What was written so far; valid until the next write. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  get length(): number {
    return this.#length;
  }

  reset(): void {
    this.#length = 0;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }

  int16(value: number): void {
    this.#room(2);
    this.#buffer[this.#length] = value >> 8;
    this.#buffer[this.#length + 1] = value;
    this.#length += 2;
  }

  int32(value: number): void {
    this.#room(4);
    const at = this.#length;
    this.#buffer[at] = value >> 24;
    this.#buffer[at + 1] = value >> 16;
    this.#buffer[at + 2] = value >> 8;
    this.#buffer[at + 3] = value;
    this.#length += 4;
  }

  /** An integer that may be beyond 32 bits. */
  int64(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.int32(high);
    this.int32(value - high * TWO_32);
  }

  /** Overwrites an int64 that was written before. */
  patchInt64(at: number, value: number): void {
    const end = this.#length;
    this.#length = at;
    this.int64(value);
    this.#length = end;
  }

  /** Overwrites an int32 that was written before. */
  patchInt32(at: number, value: number): void {
    this.#buffer.writeInt32BE(value, at);
  }

  // Fields: a length of four bytes, -1 for null, and the value.

  null(): void {
    this.int32(-1);
  }

  int16Field(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.int32(2);
    this.int16(value);
  }

  int32Field(value: number): void {
    this.int32(4);
    this.int32(value);
  }

  int64Field(value: number): void {
    this.int32(8);
    this.int64(value);
  }

  float4Field(value: number | null): void {
    if (value === null) {
      this.null();
      return;
    }
    this.int32(4);
    this.#room(4);
    this.#buffer.writeFloatBE(value, this.#length);
    this.#length += 4;
  }

  bytesField(value: Uint8Array): void {
    this.int32(value.length);
    this.#room(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
  }

  /** Microseconds since 1970 as timestamptz. */
  timestampField(us: number): void {
    this.int64Field(us - POSTGRES_ZERO_US);
  }

  /** Days since 1970-01-01 as date. */
  dateField(day: number): void {
    this.int32(4);
    this.int32(day - POSTGRES_ZERO_DAY);
  }

  textField(value: string | null | undefined): void {
    if (value === null || value === undefined) {
      this.null();
      return;
    }
    const characters = value.length;
    this.#room(4 + characters * 3);
    const buffer = this.#buffer;
    const start = this.#length + 4;
    let i = 0;
    // Ids are short and ASCII: a loop beats the call into native code.
    if (characters <= 48) {
      for (; i < characters; i++) {
        const code = value.charCodeAt(i);
        if (code > 127) break;
        buffer[start + i] = code;
      }
    }
    const bytes = i === characters ? characters : buffer.write(value, start, 'utf8');
    this.int32(bytes);
    this.#length += bytes;
  }
}
