import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '@shortlist/serving/routes/routes.ts';
import { liveDouble, releasesDouble } from '../recommender-double.ts';
import { errorOf, post, startPod, type StartedPod } from '../start-pod.ts';

describe.each(['uws', 'node'])('over %s', (httpServer) => {
  let pod: StartedPod;
  beforeAll(async () => {
    pod = await startPod({ SHORTLIST_HTTP_SERVER: httpServer });
  });
  afterAll(() => pod.server.drain());

  const get = (path: string, init?: RequestInit) => fetch(`${pod.url}${path}`, init);

  describe('the catalogue', () => {
    it('answers similar products, or says that the product is not there', async () => {
      expect(await (await get('/similar-products?product_id=p&k=2')).json()).toMatchObject({ items: [{}, {}] });
      const absent = await get('/similar-products?product_id=absent');
      expect(absent.status).toBe(404);
      expect(await errorOf(absent)).toMatchObject({ code: 'item_not_found', details: { itemId: 'absent' } });
      expect(await errorOf(await get('/similar-products'))).toMatchObject({
        code: 'field_invalid',
        details: { field: 'product_id', reason: 'missing' },
      });
    });

    it('answers trending items and pages of products', async () => {
      expect(await (await get('/trending?category=audio&k=4')).json()).toMatchObject({ model_version: 'release-1' });
      expect(await (await get('/products?search=mug&min_price=1.5&page=3')).json()).toMatchObject({
        page: 3,
        page_size: 20,
      });
    });

    it.each([
      ['/similar-products?product_id=', 'product_id'],
      [`/similar-products?product_id=${'x'.repeat(3000)}`, 'product_id'],
      ['/products?min_price=-1', 'min_price'],
      ['/products?min_price=NaN', 'min_price'],
      ['/products?min_price=9&max_price=1', 'min_price'],
      ['/products?page=0', 'page'],
      ['/products?page=99999999', 'page'],
      ['/products?max_price=1e400', 'max_price'],
      ['/trending?k=101', 'k'],
    ])('refuses %s', async (path, field) => {
      const response = await get(path);
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({ code: 'field_invalid', details: { field } });
    });
  });

  describe('paths and methods', () => {
    it('refuses an unknown path without repeating all of it', async () => {
      const response = await get(`/nothing${'x'.repeat(1000)}`);
      expect(response.status).toBe(404);
      const error = await errorOf(response);
      expect(error.code).toBe('route_not_found');
      expect(error.message.length).toBeLessThan(300);
    });

    it('says which methods a path answers', async () => {
      const response = await get('/recommend');
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
      expect((await post(`${pod.url}/ping`, {})).headers.get('allow')).toBe('GET');
    });

    it('answers HEAD where it answers GET', async () => {
      const response = await get('/ping', { method: 'HEAD' });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-length')).toBe('4');
    });

    it('has no two routes on one method and path', () => {
      const names = ROUTES.map(({ method, path }) => `${method} ${path}`);
      expect(new Set(names).size).toBe(names.length);
    });

    it('keeps the admin routes off the public port', async () => {
      expect((await post(`${pod.url}/reload-model`, '')).status).toBe(404);
      expect((await get('/admin/dashboard')).status).toBe(404);
    });
  });

  describe('operation', () => {
    it('tells status: phase, releases, batching, process', async () => {
      expect(await (await get('/status')).json()).toMatchObject({
        phase: 'serving',
        ready: true,
        release: { active: 'release-1', previous: 'release-0', last_refusal: { reason: 'items.arrow is damaged' } },
        pipeline: { batches: 3 },
        live: { lag_s: 0.5, new_rows: 3 },
        process: { dataset: 'demo', http: httpServer, version: 'test' },
      });
    });

    it('is alive but not ready until there is something to serve', async () => {
      const starting = await startPod({ SHORTLIST_HTTP_SERVER: httpServer }, false);
      expect((await fetch(`${starting.url}/health/live`)).status).toBe(200);
      const ready = await fetch(`${starting.url}/health/ready`);
      expect(ready.status).toBe(503);
      expect(await ready.json()).toMatchObject({ status: 'not_ready', phase: 'starting' });
      const refused = await post(`${starting.url}/recommend`, { user_id: 'u' });
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect((await errorOf(refused)).code).toBe('not_ready');
      expect(await (await fetch(`${starting.url}/status`)).json()).toMatchObject({
        phase: 'starting',
        pipeline: {},
        live: null,
      });
      starting.lifecycle.serve({ recommender: starting.recommender, releases: releasesDouble, live: liveDouble });
      expect((await fetch(`${starting.url}/health/ready`)).status).toBe(200);
      expect((await fetch(`${starting.url}/health`)).status).toBe(200);
      await starting.server.drain();
    });

    it('answers the admin port: reload with its outcome or the reason of refusal', async () => {
      expect(await (await post(`${pod.adminUrl}/reload-model`, '')).json()).toMatchObject({ active: 'release-2' });
      const refused = await post(`${pod.adminUrl}/reload-model?release=broken`, '');
      expect(refused.status).toBe(422);
      expect((await errorOf(refused)).code).toBe('release_digest_mismatch');
      expect((await fetch(`${pod.adminUrl}/health/ready`)).status).toBe(200);
    });

    it("refuses a reload that a foreign page makes an operator's browser send", async () => {
      const refused = await post(`${pod.adminUrl}/reload-model`, '', { 'sec-fetch-site': 'cross-site' });
      expect(refused.status).toBe(403);
      expect((await errorOf(refused)).code).toBe('cross_site_refused');
    });

    it('shows a dashboard that runs no script and escapes what it shows', async () => {
      await post(`${pod.url}/recommend`, { user_id: 'degraded' });
      const response = await fetch(`${pod.adminUrl}/admin/dashboard`);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      const page = await response.text();
      expect(page).toContain('personalized');
      expect(page).toMatch(/<code>rank<\/code><\/td><td>\d+<\/td><td>[\d.]+ ms/);
      expect(page).toContain('&lt;b&gt;release-x&lt;/b&gt;');
      expect(page).not.toContain('<script');
    });
  });

  describe('the reference', () => {
    it('describes every listed route, with the schemas that validate', async () => {
      const reference = (await (await get('/openapi.json')).json()) as {
        openapi: string;
        paths: Record<
          string,
          Record<string, { requestBody?: object; parameters?: { name: string; required: boolean }[] }>
        >;
      };
      expect(reference.openapi).toBe('3.1.0');
      for (const { method, path, group } of ROUTES) {
        expect(reference.paths[path]?.[method.toLowerCase()] !== undefined).toBe(group !== undefined);
      }
      expect(JSON.stringify(reference.paths['/recommend']?.post?.requestBody)).toContain('"num_items"');
      const similar = reference.paths['/similar-products']?.get?.parameters;
      expect(similar?.map(({ name, required }) => [name, required])).toEqual([
        ['product_id', true],
        ['k', false],
      ]);
    });

    it('is shown by a page that loads nothing from outside', async () => {
      const page = await get('/docs');
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      const html = await page.text();
      expect(html).not.toMatch(/https?:\/\//);
      const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]!);
      expect(links).toHaveLength(4);
      for (const link of links) {
        const asset = await fetch(new URL(link, `${pod.url}/docs`));
        expect(asset.status).toBe(200);
        expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
        expect((await asset.arrayBuffer()).byteLength).toBeGreaterThan(50);
      }
    });
  });
});
