import { isUtf8 } from 'node:buffer';
import type { Rejected } from '@shortlist/core/stores/rejected-store.ts';

/** One rejected event as a line of JSON, to look at, mend and give back to `replay --file`. */
export interface RejectedLine {
  readonly id: number;
  readonly received_at: string;
  readonly source: string;
  readonly stage: string;
  readonly code: string;
  readonly reason: string;
  /** The bytes as they came, where they are text. */
  readonly payload?: string;
  /** Where they are not. */
  readonly payload_base64?: string;
}

export function toLine({ id, receivedAtS, source, stage, code, reason, payload }: Rejected): RejectedLine {
  const bytes = Buffer.from(payload);
  return {
    id,
    received_at: new Date(receivedAtS * 1000).toISOString(),
    source,
    stage,
    code,
    reason,
    ...(isUtf8(bytes) ? { payload: bytes.toString() } : { payload_base64: bytes.toString('base64') }),
  };
}
