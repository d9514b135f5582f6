import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_BROWSER, openBrowser, openPage, screenshot } from '../../../storefront/test/browser.ts';
import type { TemporaryWorkspace } from '../workspace/temporary-workspace.ts';
import { freePorts, SHOPPER, startUp, stopAll, tinyShop, untilUp } from './tiny-shop.ts';

type Browser = Awaited<ReturnType<typeof openBrowser>>;
type Page = Awaited<ReturnType<typeof openPage>>['page'];

/** The built page in a real Chromium, served by `shortlist up`: real pod, real database, a tiny release. */
describe.skipIf(NO_BROWSER !== null)(
  `the storefront of shortlist up${NO_BROWSER === null ? '' : ` (${NO_BROWSER})`}`,
  () => {
    let workspace: TemporaryWorkspace;
    let browser: Browser;
    let shop: string;

    beforeAll(async () => {
      workspace = await tinyShop();
      const ports = await freePorts();
      await untilUp(startUp(workspace, ports));
      shop = `http://127.0.0.1:${ports.storefront}`;
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      await stopAll();
      await workspace?.remove();
    });

    const tier = (page: Page, name: string) => page.locator(`.slate[aria-busy=false] .tier[data-tier=${name}]`);

    it('shows a stranger what trends, follows the visit, knows a shopper, and explains itself', async () => {
      const { page, troubles } = await openPage(browser, shop);
      await tier(page, 'trending').waitFor();
      const cards = page.locator('.cards .card');
      expect(await cards.count()).toBe(10);
      expect(await page.locator('.cards svg.artwork').count()).toBe(10);
      expect(await page.locator('.slate-facts').textContent()).toMatch(/answered in \d+\.\d ms.*r-\d{12}-[0-9a-f]{8}/);

      const looked = await cards.nth(2).locator('.card-title').textContent();
      await cards.nth(2).locator('.card-look').click();
      await tier(page, 'session').waitFor();
      expect(await page.locator('.session-title').textContent()).toBe(looked);
      expect(await page.locator('.shelf h2').first().textContent()).toBe(`Like ${looked}`);
      expect(await page.locator('.shelf').first().locator('li').count()).toBe(8);

      // Chosen anew until it comes: on a busy machine a profile may come later than its stage waits.
      const shopping = page.getByLabel('Shopping as');
      const tierOfShopper = async (): Promise<string | null> => {
        await shopping.selectOption('');
        await tier(page, 'trending').waitFor();
        await shopping.selectOption(SHOPPER);
        return page.locator('.slate[aria-busy=false] .tier').getAttribute('data-tier');
      };
      await expect.poll(tierOfShopper, { timeout: 20_000, interval: 500 }).toBe('personalized');
      await cards.first().getByRole('button', { name: 'Why is this here?' }).click();
      expect(await cards.first().locator('.trace-sources li').count()).toBeGreaterThan(0);
      expect(await cards.first().locator('.trace-path').textContent()).toMatch(/\d+ retrieved\d+ ranked1 shown/);

      await page.getByRole('button', { name: 'games', exact: true }).click();
      await expect.poll(() => page.locator('#slate-heading').textContent()).toBe(`For ${SHOPPER}, in games`);
      await page.getByLabel('Name a product').fill('title 4');
      await page.getByRole('button', { name: 'Title 4', exact: true }).click();
      await expect
        .poll(() => page.locator('.verdict').textContent())
        .toContain('Filtered out. It is not in a category');
      await screenshot(page, 'served');
      expect(troubles).toEqual([]);
      await page.close();
    });
  },
);
