import { join } from 'node:path';
import { BUILD_FEATURES } from '@shortlist/core/release/feature-schema.ts';
import { ReleaseRegistry } from '@shortlist/core/release/registry.ts';
import { postgresStores } from '@shortlist/core/stores/postgres/stores.ts';
import { SERVERS, RedisProcess } from '../../../core/test/stores/redis/redis-process.ts';
import { buildTinyRelease, TINY_ITEMS, writeTinyRun } from '../../../core/test/release/tiny-run.ts';
import { startChild, untilReady, type ChildPod } from '../../../serving/test/child-pod.ts';
import { openDatabase, type Database } from '../../src/workspace/database.ts';
import { temporaryWorkspace, type TemporaryWorkspace } from '../workspace/temporary-workspace.ts';

const DATASET = 'live';

export interface Slate {
  readonly recommendations: readonly { readonly item_id: string; readonly metadata: { readonly price: number } }[];
  readonly degraded: readonly string[];
}

export interface PodStatus {
  readonly live: {
    readonly lag_s: number;
    readonly late: boolean;
    readonly failure: string | null;
    readonly snapshots: number;
    readonly new_rows: number;
    readonly counted_items: number;
    readonly leak_check: { readonly leaks: number; readonly slates_checked: number };
  };
}

export interface LiveShopOptions {
  /** Variables of the workspace, and of the ingest service. */
  readonly workspace?: Readonly<Record<string, string>>;
  readonly ingest?: Readonly<Record<string, string>>;
}

/** A shop of the 60 tiny items on a real PostgreSQL and a real Valkey, with the ingest service and pods as processes. */
export class LiveShop {
  readonly workspace: TemporaryWorkspace;
  readonly database: Database;
  readonly redis: RedisProcess;
  #ingest: ChildPod | undefined;

  private constructor(workspace: TemporaryWorkspace, database: Database, redis: RedisProcess) {
    this.workspace = workspace;
    this.database = database;
    this.redis = redis;
  }

  static async open(options: LiveShopOptions = {}): Promise<LiveShop> {
    const workspace = temporaryWorkspace(options.workspace);
    const database = await openDatabase(workspace.environment, DATASET, { connectionsMax: 4 });
    const redis = await RedisProcess.start(SERVERS.find(({ name }) => name.startsWith('Valkey'))!.program);
    const shop = new LiveShop(workspace, database, redis);
    try {
      await shop.#start(options);
      return shop;
    } catch (error) {
      // Its servers are no children of this process.
      await shop.close();
      throw error;
    }
  }

  async #start({ ingest }: LiveShopOptions): Promise<void> {
    await postgresStores(this.database.pool).items.upsert(
      Array.from({ length: TINY_ITEMS }, (_, row) => ({
        itemId: `item-${row}`,
        title: `Title ${row}`,
        category: row % 2 === 0 ? 'books' : 'games',
        brand: `brand-${row % 5}`,
        price: 1 + row,
        available: true,
        createdAtS: 1_700_000_000 - 1000 * row,
        attributes: {},
      })),
    );
    await this.#activateRelease();
    this.#ingest = startChild('../../ingest/src/main.ts', {
      ...this.variables(),
      SHORTLIST_INGEST_HTTP_HOST: '127.0.0.1',
      SHORTLIST_INGEST_HTTP_PORT: '0',
      SHORTLIST_INGEST_ADMIN_PORT: '0',
      ...ingest,
    });
    await untilReady(this.#ingest);
  }

  async startPod(variables: Record<string, string> = {}): Promise<ChildPod> {
    const pod = startChild('../src/main.ts', {
      ...this.variables(),
      SHORTLIST_HOME: this.workspace.environment.home,
      SHORTLIST_LEAK_CHECK_EVERY: '1',
      SHORTLIST_DEADLINE_MS: '20000',
      ...variables,
    });
    await untilReady(pod);
    return pod;
  }

  get ingest(): ChildPod {
    return this.#ingest!;
  }

  /** Sends a catalogue change or an event to the ingest service; throws unless it is accepted. */
  async send(method: string, path: string, body: unknown): Promise<void> {
    const response = await fetch(`${this.ingest.url()}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  async close(): Promise<void> {
    await this.redis.stop();
    await this.database.close();
    await this.workspace.remove();
  }

  /** Where its services find what they share. */
  variables(): Record<string, string> {
    return {
      SHORTLIST_DATASET: DATASET,
      DATABASE_URL: this.database.url,
      REDIS_URL: this.redis.url,
    };
  }

  async #activateRelease(): Promise<void> {
    const folder = join(this.workspace.environment.home, 'datasets', DATASET);
    const releasesDir = join(folder, 'releases');
    await writeTinyRun(join(folder, 'run'), 1, BUILD_FEATURES);
    const { id } = await buildTinyRelease(join(folder, 'run'), releasesDir, { features: BUILD_FEATURES });
    await new ReleaseRegistry({ dataset: DATASET, releasesDir, activePath: join(folder, 'active.json') }).activate(id);
  }
}

export async function slateOf(pod: ChildPod, context: object = {}): Promise<Slate> {
  const response = await fetch(`${pod.url()}/recommend`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ session_id: 'somebody', num_items: 50, context }),
  });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as Slate;
}

export async function statusOf(pod: ChildPod): Promise<PodStatus> {
  return (await (await fetch(`${pod.url()}/status`)).json()) as PodStatus;
}
