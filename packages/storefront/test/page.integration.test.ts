import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { NO_BROWSER, openBrowser, openPage, screenshot } from './browser.ts';
import { FixtureShop } from './fixture-shop.ts';

/** A card of an answered slate: before the answer there are empty cards in its place. */
const PRODUCT = '.cards .card:has(.card-look)';

/** The built page in a real Chromium, over HTTP, against a shop that answers by the contract. */
describe.skipIf(NO_BROWSER !== null)(
  `the storefront in Chromium${NO_BROWSER === null ? '' : ` (${NO_BROWSER})`}`,
  () => {
    let shop: FixtureShop;
    let browser: Browser;
    let folder: string;

    beforeAll(async () => {
      // Built into a folder of its own: dist/ may be served by a running `shortlist up`.
      folder = await mkdtemp(join(tmpdir(), 'shortlist-storefront-'));
      const configFile = join(import.meta.dirname, '../vite.config.ts');
      await build({ configFile, logLevel: 'error', build: { outDir: folder } });
      shop = await FixtureShop.start(folder);
      browser = await openBrowser();
    });
    beforeEach(() => {
      Object.assign(shop.mood, { failWith: null, degraded: [], empty: false, logAway: false });
      shop.requests.length = 0;
      shop.events.length = 0;
    });
    afterAll(async () => {
      await browser?.close();
      await shop?.stop();
      await rm(folder, { recursive: true, force: true });
      expect(shop.complaints).toEqual([]);
    });

    it('shows an anonymous visitor a slate with its tier, prices, reasons and pictures', async () => {
      const { page, troubles } = await openPage(browser, shop.url);
      await page.locator('.tier[data-tier=trending]').waitFor();
      expect(await page.locator('.cards .card').count()).toBe(10);
      expect(await page.locator('.cards .card svg.artwork').count()).toBe(10);
      expect(await page.locator('.card-reason').first().textContent()).toContain('Because you looked at');
      expect(await page.locator('.slate-facts').textContent()).toMatch(/answered in 3\.2 ms.*r-fixture/);
      expect(shop.requests[0]).toMatchObject({ num_items: 10, explain: true });
      expect(shop.requests[0]!.user_id).toBeUndefined();
      await screenshot(page, 'anonymous');
      expect(troubles).toEqual([]);
      await page.close();
    });

    it('draws the same product the same way on every load', async () => {
      const draw = async (): Promise<string[]> => {
        const { page } = await openPage(browser, shop.url);
        await page.locator(PRODUCT).first().waitFor();
        const drawings = page.locator('.cards .card svg.artwork');
        const art = await drawings.evaluateAll((svgs) => svgs.map((svg) => svg.innerHTML));
        await page.close();
        return art;
      };
      const first = await draw();
      expect(new Set(first).size).toBe(10);
      expect(await draw()).toEqual(first);
    });

    it('stores a look as an event of the visit, and the next slate follows it', async () => {
      const { page, troubles } = await openPage(browser, shop.url);
      await page.locator('.tier[data-tier=trending]').waitFor();
      await page.locator('.shelf [type=button]').nth(5).click();
      await page.locator('.tier[data-tier=session]').waitFor();
      const visit = shop.requests[0]!.session_id;
      expect(shop.events).toMatchObject([{ type: 'view', session_id: visit, surface: 'home' }]);
      expect(shop.events[0]).not.toHaveProperty('request_id');
      expect(await page.locator('.session-items li').count()).toBe(1);
      expect(await page.locator('.shelf h2').first().textContent()).toMatch(/^Like /);

      const asked = shop.requests.length;
      await page.locator('.cards .card .card-look').nth(4).click();
      await expect.poll(() => shop.events.length).toBe(2);
      expect(shop.events[1]).toMatchObject({ type: 'click', session_id: visit, position: 5 });
      expect(shop.events[1]!.request_id).toMatch(/^request-\d+$/);
      await expect.poll(() => shop.requests.length).toBeGreaterThan(asked);
      expect(shop.requests.at(-1)!.session_id).toBe(visit);
      expect(shop.requests.at(-1)!.context!.recent_items).toBeUndefined();
      await screenshot(page, 'session');

      await page.getByRole('button', { name: 'Clear' }).click();
      await page.locator('.tier[data-tier=trending]').waitFor();
      expect(shop.requests.at(-1)!.context!.recent_items).toBeUndefined();
      expect(shop.requests.at(-1)!.session_id).not.toBe(shop.requests[0]!.session_id);
      expect(troubles).toEqual([]);
      await page.close();
    });

    it('sends along what could not be stored, and says so', async () => {
      shop.mood.logAway = true;
      const { page } = await openPage(browser, shop.url);
      await page.locator('.tier[data-tier=trending]').waitFor();
      await page.locator('.shelf [type=button]').nth(5).click();
      await page.locator('.tier[data-tier=session]').waitFor();
      expect(shop.events).toEqual([]);
      expect(shop.requests.at(-1)!.context!.recent_items).toHaveLength(1);
      expect(await page.getByRole('alert').textContent()).toContain('could not store 1');
      await page.close();
    });

    it('shops as a known user, and starts a new session when the shopper changes', async () => {
      const { page } = await openPage(browser, shop.url);
      await page.locator('.cards .card .card-look').first().click();
      await page.getByLabel('Shopping as').selectOption('user-00007');
      await page.locator('.tier[data-tier=personalized]').waitFor();
      expect(shop.requests.at(-1)).toMatchObject({ user_id: 'user-00007' });
      expect(shop.requests.at(-1)!.context!.recent_items).toBeUndefined();
      await page.close();
    });

    it('filters by category and says that the tier is a fallback', async () => {
      const { page } = await openPage(browser, shop.url);
      await page.getByRole('button', { name: 'Shoes', exact: true }).click();
      await page.locator('.tier[data-tier=cold_start_category]').waitFor();
      expect(shop.requests.at(-1)!.context!.category).toBe('Shoes');
      expect(await page.locator('#slate-heading').textContent()).toBe('For you, in Shoes');
      expect(await page.locator('.cards .card').count()).toBe(2);
      await page.close();
    });

    it('expands why an item is there: sources, ranks, chances, features and rules', async () => {
      const { page } = await openPage(browser, shop.url);
      const card = page.locator('.cards .card').first();
      await card.getByRole('button', { name: 'Why is this here?' }).click();
      const trace = card.locator('.trace');
      await trace.waitFor();
      const text = await trace.textContent();
      for (const part of ['Taste model #2', 'Looked at together #1', '4 retrieved', '18.3 %', '+0.031', '−0.012']) {
        expect(text).toContain(part);
      }
      expect(text).toContain('spring-sale: boosted by 1.5');
      await screenshot(page, 'trace');
      await card.getByRole('button', { name: 'Hide the trace' }).click();
      expect(await trace.count()).toBe(0);
      await page.close();
    });

    it('answers why a named item is not there', async () => {
      const { page } = await openPage(browser, shop.url);
      await page.getByLabel('Name a product').fill('jam');
      await page
        .getByRole('button', { name: /Fig & Fern/ })
        .last()
        .click();
      await expect.poll(() => page.locator('.verdict').textContent()).toContain('Ranked too low. It ranked 14 of 21');
      expect(shop.requests.at(-1)!.why_not).toEqual(['grocery-2']);
      await screenshot(page, 'why-not');
      await page.close();
    });

    it('shows what was degraded, an empty slate, and a coded error with a way to try again', async () => {
      shop.mood.degraded = ['rank'];
      const { page } = await openPage(browser, shop.url);
      await page.locator('.degraded').waitFor();
      expect(await page.locator('.degraded').textContent()).toContain('The ranking model did not run');

      shop.mood.empty = true;
      await page.getByRole('button', { name: 'Toys', exact: true }).click();
      await page.locator('.slate .empty').waitFor();

      shop.mood.failWith = { status: 503, code: 'overloaded', message: 'Too many requests are waiting.' };
      await page.getByRole('button', { name: 'Books', exact: true }).click();
      await page.locator('.slate .problem').waitFor();
      expect(await page.locator('.slate .problem').textContent()).toMatch(
        /Too many requests are waiting\..*overloaded/,
      );
      await screenshot(page, 'error');

      Object.assign(shop.mood, { failWith: null, empty: false });
      await page.getByRole('button', { name: 'Try again' }).click();
      await page.locator(PRODUCT).first().waitFor();
      expect(await page.locator('.slate .problem').count()).toBe(0);
      await page.close();
    });

    it('can be used with the keyboard alone', async () => {
      const { page } = await openPage(browser, shop.url);
      await page.locator(PRODUCT).first().waitFor();
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the products');
      await page.keyboard.press('Enter');
      await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('shop');
      await page.keyboard.press('Tab');
      expect(await page.evaluate(() => document.activeElement?.className)).toBe('card-look');
      await page.keyboard.press('Enter');
      await page.locator('.tier[data-tier=session]').waitFor();
      await page.close();
    });

    it('fits a phone without scrolling sideways', async () => {
      const { page } = await openPage(browser, shop.url, { width: 390, height: 844 });
      await page.locator(PRODUCT).first().waitFor();
      await page.locator('.card-why').first().click();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      await screenshot(page, 'phone');
      await page.close();
    });
  },
);
