import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStores } from '@shortlist/core/stores/memory/stores.ts';
import { longIntegersAsText, parseJsonBody } from '@shortlist/service/http/json-body.ts';
import { verifyWebhook } from '@shortlist/ingest/webhooks/shopify/verify-webhook.ts';
import { changeCatalogue, TOPICS } from '@shortlist/ingest/webhooks/shopify/work-in.ts';

const NOW_S = Date.parse('2026-11-21T14:00:00Z') / 1000;
const SECRET = 'hush';
const SHIRT = '788032119674292922';

/** Samples written after the public schema of Shopify's Admin API. */
const fixture = (name: string) => readFileSync(join(import.meta.dirname, `fixtures/${name}.json`));
const payload = (name: string): unknown => parseJsonBody(fixture(name), longIntegersAsText);

function signed(body: Buffer, headers: Record<string, string> = {}) {
  return {
    method: 'POST',
    path: '/',
    query: '',
    body,
    headers: {
      'x-request-id': '',
      'sec-fetch-site': '',
      'x-shopify-hmac-sha256': createHmac('sha256', SECRET).update(body).digest('base64'),
      'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      'x-shopify-triggered-at': '2026-11-21T13:59:58.123456789Z',
      ...headers,
    },
  };
}
const options = { secret: SECRET, ageMaxS: 3600, nowS: NOW_S };

describe('a webhook', () => {
  const body = fixture('product-update');

  it('passes with its signature', () => {
    expect(verifyWebhook(signed(body), options)).toBe('b54557e4-bdd9-4b37-8a5f-bf7d70bcd043');
  });

  it('is refused when one bit of it was changed', () => {
    fc.assert(
      fc.property(fc.nat({ max: body.length - 1 }), fc.integer({ min: 0, max: 7 }), (at, bit) => {
        const forged = Buffer.from(body);
        forged[at]! ^= 1 << bit;
        const request = { ...signed(body), body: forged };
        expect(() => verifyWebhook(request, options)).toThrow(expect.objectContaining({ code: 'webhook_refused' }));
      }),
    );
  });

  it.each([
    [{ 'x-shopify-hmac-sha256': '' }, 'signature'],
    [{ 'x-shopify-hmac-sha256': 'AAAA' }, 'signature'],
    [{ 'x-shopify-triggered-at': '2026-11-21T12:59:59Z' }, 'ago'],
    [{ 'x-shopify-triggered-at': '2026-11-21T14:10:00Z' }, 'future'],
    [{ 'x-shopify-triggered-at': '' }, 'triggered-at'],
    [{ 'x-shopify-webhook-id': '' }, 'webhook-id'],
  ])('is refused with the headers %j', (headers, reason) => {
    expect(() => verifyWebhook(signed(body, headers), options)).toThrow(
      expect.objectContaining({ code: 'webhook_refused', message: expect.stringContaining(reason) as string }),
    );
  });

  it('is refused where no secret is configured', () => {
    expect(() => verifyWebhook(signed(body), { ...options, secret: '' })).toThrow(
      expect.objectContaining({ code: 'webhooks_not_configured' }),
    );
  });
});

describe('the payload of', () => {
  async function shop() {
    const stores = memoryStores();
    const lane = await stores.log.openLane();
    let count = 0;
    const send = async (topic: string, name: string, id = `w${(count += 1)}`) => {
      const work = TOPICS[topic]!(payload(name), NOW_S);
      if (!('catalogue' in work)) throw new Error('it changes no catalogue');
      return changeCatalogue(lane, id, work.catalogue);
    };
    const shirt = async () => (await stores.items.get([SHIRT]))[0];
    return { stores, send, shirt };
  }

  it('a product becomes an item at its lowest price, in stock by its variants', async () => {
    const { send, shirt, stores } = await shop();
    expect(await send('products/create', 'product-update')).toBe(true);
    expect(await shirt()).toMatchObject({
      title: 'Example T-Shirt',
      category: 'Shirts',
      brand: 'Acme',
      price: Math.fround(19.99),
      stock: 5,
      available: true,
      createdAtS: Date.parse('2026-11-01T14:00:00Z') / 1000,
    });
    const batches = await stores.tail.read({}, 100);
    expect(batches.map((batch) => batch.payload)).toEqual([{ itemIds: [SHIRT] }]);
  });

  it('an inventory level takes the product off the shelf, and an older one does not bring it back', async () => {
    const { send, shirt } = await shop();
    await send('products/create', 'product-update');
    await send('inventory_levels/update', 'inventory-level-update');
    expect(await shirt()).toMatchObject({ stock: 0, available: false });
    // The product webhook still says 5 of the small ones: the level of the place counts.
    await send('products/update', 'product-update');
    expect(await shirt()).toMatchObject({ stock: 0, available: false });
  });

  it('a webhook that was worked in changes nothing more', async () => {
    const { send, stores } = await shop();
    await send('products/create', 'product-update', 'w');
    expect(await send('products/delete', 'product-delete', 'w')).toBe(false);
    expect(await stores.items.count()).toBe(1);
  });

  it('a deletion takes the item out', async () => {
    const { send, shirt } = await shop();
    await send('products/create', 'product-update');
    await send('products/delete', 'product-delete');
    expect(await shirt()).toMatchObject({ deleted: true, available: false });
  });

  it('an order becomes one purchase per product line', () => {
    const work = TOPICS['orders/create']!(payload('order-create'), NOW_S);
    expect(work).toEqual({
      events: [
        expect.objectContaining({
          eventId: 'shopify-order-820982911946154508-866550311766439020',
          userId: '115310627314723954',
          sessionId: '68778783ad298f1c80c3bafcddeea02f',
          itemId: SHIRT,
          type: 7,
          value: 19.99,
          quantity: 2,
          occurredAtS: Date.parse('2026-11-21T11:27:05Z') / 1000,
        }),
      ],
    });
  });

  it('anything else is refused by the name of its field', () => {
    expect(() => TOPICS['products/update']!({ id: 'x', title: 3 }, NOW_S)).toThrow(
      expect.objectContaining({ code: 'field_invalid' }),
    );
  });
});
