import { createHmac, timingSafeEqual } from 'node:crypto';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';
import { parseTimestamp } from '@shortlist/core/contracts/timestamp.ts';
import type { HttpRequest } from '@shortlist/service/http/adapter.ts';

export const SHOPIFY_HEADERS = ['x-shopify-hmac-sha256', 'x-shopify-webhook-id', 'x-shopify-triggered-at'];

/** A clock that is ahead of ours by more than this is not Shopify's. */
const FUTURE_S_MAX = 300;
const DIGEST_BYTES = 32;

export interface VerifyOptions {
  readonly secret: string;
  /** How long ago the webhook may have been triggered, seconds. */
  readonly ageMaxS: number;
  readonly nowS: number;
}

/**
 * Checks who sent it and when, and returns the webhook's id. The signature is HMAC-SHA256 over the bytes as they came,
 * compared in constant time; the time keeps a recorded request from being played again long after.
 * @throws `webhooks_not_configured`, `webhook_refused`
 */
export function verifyWebhook({ headers, body }: HttpRequest, { secret, ageMaxS, nowS }: VerifyOptions): string {
  if (secret === '') throw new ShortlistError('webhooks_not_configured');
  const given = Buffer.from(headers['x-shopify-hmac-sha256'] ?? '', 'base64');
  const expected = createHmac('sha256', secret).update(body).digest();
  if (given.length !== DIGEST_BYTES || !timingSafeEqual(given, expected)) throw refused('the signature is not valid');
  const triggeredAtS = parseTimestamp(headers['x-shopify-triggered-at'] ?? '');
  if (Number.isNaN(triggeredAtS)) throw refused('x-shopify-triggered-at is missing or no time');
  if (nowS - triggeredAtS > ageMaxS) throw refused(`it was triggered more than ${ageMaxS} s ago`);
  if (triggeredAtS - nowS > FUTURE_S_MAX) throw refused('it was triggered in the future');
  const id = headers['x-shopify-webhook-id'] ?? '';
  if (!/^[\x21-\x7e]{1,128}$/.test(id)) throw refused('x-shopify-webhook-id is missing');
  return id;
}

const refused = (reason: string) => new ShortlistError('webhook_refused', { reason });
