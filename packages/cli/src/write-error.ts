import { ShortlistError, type ErrorCode } from '@shortlist/core/contracts/errors.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  EFBIG: 'disk_full',
  EPIPE: 'output_closed',
};

/**
 * The coded error for a failed write to `path`: `disk_full`, `output_closed`, `output_unwritable`. A failure that does
 * not come from the operating system is a bug and comes back unchanged.
 */
export function codedWriteError(error: unknown, path: string): unknown {
  const reason = (error as NodeJS.ErrnoException | undefined)?.code;
  if (reason === undefined || error instanceof ShortlistError) return error;
  return new ShortlistError(CODES[reason] ?? 'output_unwritable', { what: path, reason }, { cause: error });
}

/** A full disk wherever it was met, also by code that does not name its file. */
export function codedIfDiskFull(error: unknown): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  return CODES[code] === 'disk_full' ? codedWriteError(error, path ?? 'the workspace') : error;
}
