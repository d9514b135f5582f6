import { createServer, type IncomingMessage, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import type { AddressInfo } from 'node:net';
import { Value } from 'typebox/value';
import { IncomingEventSchema, type IncomingEvent } from '@shortlist/core/contracts/ingest.ts';
import {
  RecommendRequestSchema,
  RecommendResponseSchema,
  type Recommendation,
  type RecommendRequest,
  type RecommendResponse,
  type Tier,
} from '@shortlist/core/contracts/recommend.ts';

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

const TITLES: Readonly<Record<string, readonly string[]>> = {
  Electronics: [
    'Auralis Wireless Carbon Headphones, Black',
    'Hexa Studio Glass Monitor, White',
    'Kestrel Retro Camera, Sand',
  ],
  Kitchen: ['Copperleaf Rustic Cast-Iron Skillet, Large', 'Saltbox Everyday Stoneware Mug Set, Set of 4'],
  Furniture: ['Fjell Floating Oak Armchair, Natural', 'Rowan Curved Linen Floor Lamp, Ink'],
  Clothing: ['Bluebell Relaxed Linen Shirt, Sky Blue', 'Cassia Vintage Silk Dress, Rose'],
  Shoes: ['Pacer Trail Knit Sneakers, Olive', 'Wharf Winter Leather Boots, Chestnut'],
  Beauty: ['Dewfall Overnight Rose Face Serum, 30 ml', 'Honeywood Gentle Oat Hand Cream, 75 ml'],
  Sports: ['Basecamp Alpine Ripstop Tent, Orange', 'Ironwood Training Steel Dumbbells, Medium'],
  Toys: ['Bramble Stacking Wooden Building Blocks, Age 3+', 'Jolly Giant Plush Teddy Bear, Forest'],
  Books: ['The Quiet Harbour: A Novel (Paperback, Dovetail)', 'The Glass Orchard: Essays (Boxed, Gull & Sons)'],
  Grocery: ['Good Acre Organic Oat Granola, 500 g', 'Fig & Fern Spiced Lemon Jam, 250 g'],
};

const PRODUCTS = Object.entries(TITLES).flatMap(([category, titles]) =>
  titles.map((title, index) => ({
    item_id: `${category.toLowerCase()}-${index + 1}`,
    title,
    category,
    brand: category === 'Books' ? 'Dovetail' : title.split(' ')[0]!,
    price: 4.5 + ((title.length * 37) % 900) / 4,
  })),
);

/** What the next answers of the fixture are like. */
export interface Mood {
  /** Answer /recommend with this error. */
  failWith: { status: number; code: string; message: string } | null;
  degraded: string[];
  empty: boolean;
  /** Events cannot be stored. */
  logAway: boolean;
}

/** A shop that answers by the contract, so that the page can be tried without a trained release. */
export class FixtureShop {
  readonly requests: RecommendRequest[] = [];
  /** What was stored. */
  readonly events: IncomingEvent[] = [];
  readonly mood: Mood = { failWith: null, degraded: [], empty: false, logAway: false };
  /** Anything the page did against the contract. */
  readonly complaints: string[] = [];
  private readonly folder: string;
  private readonly server: Server;

  private constructor(folder: string) {
    this.folder = folder;
    this.server = createServer((request, response) => {
      this.answer(request).then(
        ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
        (error: unknown) => {
          // A page that closes, or asks anew, gives up what it asked: that is its right.
          if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return;
          this.complaints.push(String(error));
          response.writeHead(500).end();
        },
      );
    });
  }

  /** Serves the built page in `folder`. */
  static async start(folder: string): Promise<FixtureShop> {
    const shop = new FixtureShop(folder);
    await new Promise<void>((resolve) => shop.server.listen(0, '127.0.0.1', resolve));
    return shop;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(request: IncomingMessage): Promise<{ status: number; type: string; body: string | Buffer }> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://shop');
    const json = (value: unknown, status = 200) => ({ status, type: 'application/json', body: JSON.stringify(value) });
    switch (pathname) {
      case '/storefront/shoppers':
        return json({ users: [{ user_id: 'user-00007', label: 'user-00007: 312 events, mostly Shoes' }] });
      case '/products':
        return json(this.products(searchParams));
      case '/trending':
      case '/similar-products': {
        const like = PRODUCTS.find(({ item_id }) => item_id === searchParams.get('product_id'));
        const category = like?.category ?? searchParams.get('category');
        const found = PRODUCTS.filter((product) => category === null || product.category === category);
        return json({ items: found.slice(0, Number(searchParams.get('k'))).map(plain), model_version: 'r-fixture' });
      }
      case '/recommend': {
        const { failWith } = this.mood;
        const slate = this.recommend(JSON.parse(await textOf(request)) as unknown);
        if (failWith === null) return json(slate);
        return json({ error: { code: failWith.code, message: failWith.message } }, failWith.status);
      }
      case '/events': {
        const event = JSON.parse(await textOf(request)) as IncomingEvent;
        if (this.mood.logAway) return json({ error: { code: 'database_unreachable', message: 'No PostgreSQL.' } }, 503);
        if (!Value.Check(IncomingEventSchema, event)) throw new Error(`no event: ${JSON.stringify(event)}`);
        this.events.push(event);
        return json({ accepted: 1, duplicates: 0, rejected: 0, results: [{ status: 'accepted' }] }, 202);
      }
      default:
        return this.file(pathname);
    }
  }

  private products(query: URLSearchParams) {
    const words = (query.get('search') ?? '').toLowerCase();
    const found = PRODUCTS.filter(({ title }) => title.toLowerCase().includes(words));
    const size = Number(query.get('page_size'));
    return {
      products: found.slice(0, size).map((product) => ({ ...product, available: true })),
      page: 1,
      page_size: size,
      total: found.length,
      categories: Object.keys(TITLES).sort(),
    };
  }

  private recommend(body: unknown): RecommendResponse {
    if (!Value.Check(RecommendRequestSchema, body)) throw new Error(`against the contract: ${JSON.stringify(body)}`);
    this.requests.push(body);
    const { user_id, context, num_items, why_not } = body;
    const visited = this.events.filter(({ session_id }) => session_id === body.session_id);
    const recent = [...visited.map(({ item_id }) => item_id!), ...(context?.recent_items ?? [])];
    const categories = new Set(PRODUCTS.filter((p) => recent.includes(p.item_id)).map((p) => p.category));
    const eligible = PRODUCTS.filter((p) => context?.category === undefined || p.category === context.category);
    const sorted = eligible.toSorted((a, b) => Number(categories.has(b.category)) - Number(categories.has(a.category)));
    const tier: Tier =
      user_id !== undefined
        ? 'personalized'
        : recent.length > 0
          ? 'session'
          : context?.category !== undefined
            ? 'cold_start_category'
            : 'trending';
    const answer: RecommendResponse = {
      recommendations: this.mood.empty ? [] : sorted.slice(0, num_items).map(explained),
      tier,
      degraded: this.mood.degraded,
      model_version: 'r-fixture',
      experiments: [],
      experiment_id: null,
      variant: null,
      request_id: `request-${this.requests.length}`,
      latency_ms: 3.217,
      ...(why_not === undefined
        ? {}
        : {
            why_not: why_not.map((item_id) => ({
              item_id,
              stage: 'rank',
              reason: 'It ranked 14 of 21; the slate has 10.',
            })),
          }),
    };
    if (!Value.Check(RecommendResponseSchema, answer)) throw new Error('the fixture breaks the contract');
    return answer;
  }

  private async file(path: string) {
    const name = path === '/' ? 'index.html' : normalize(path).slice(1);
    const type = TYPES[extname(name)];
    if (type === undefined) return { status: 404, type: 'text/plain', body: 'nothing here' };
    return { status: 200, type, body: await readFile(join(this.folder, name)) };
  }
}

const plain = ({ item_id, ...metadata }: (typeof PRODUCTS)[number]): Recommendation => ({
  item_id,
  score: 1,
  metadata,
});

function explained(product: (typeof PRODUCTS)[number], index: number): Recommendation {
  return {
    ...plain(product),
    score: 0.08 - index / 200,
    reason: `Because you looked at ${product.category.toLowerCase()} lately.`,
    explanation: {
      sources: [
        { source: 'two_tower', rank: index + 2, score: 0.71 },
        { source: 'co_visitation', rank: 2 * index + 1, score: 4.2 },
      ],
      fused_rank: index + 4,
      click_probability: 0.183 - index / 100,
      conversion_probability: 0.021,
      model_score: 0.0576 - index / 300,
      ranked: index + 2,
      features: [
        { group: 'taste', moved: 0.031 },
        { group: 'price', moved: -0.012 },
        { group: 'popularity', moved: 0.004 },
      ],
      rules: index === 0 ? [{ rule: 'spring-sale', effect: 'boosted by 1.5' }] : [],
      slot: index + 1,
      exploration: index === 9,
      propensity: index === 9 ? 0.1 : 1,
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
