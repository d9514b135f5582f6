import type { LiveEntry, LiveTrending } from '../../contracts/live.ts';
import { timeOfId, type LiveNews, type LiveStream } from '../live-stream.ts';
import type { RedisConnection } from './connection.ts';
import { execute } from './script.ts';
import { StreamPosition, type StreamSummary } from './stream-position.ts';

/** How long a read waits for something new. */
const BLOCK_MS = 1_000;
const READ_MAX = 1_000;
const PUBLISH_MAX = 500;
/**
 * Older entries go, however few there are: counters of ten thousand busy items are megabytes a second. Who was away for
 * longer reads the snapshot.
 */
const KEEP_MS = 300_000;

export interface LiveStreamOptions {
  /** About how many entries are kept; default 100,000. */
  readonly entriesMax?: number;
}

type RawEntry = [id: string, fields: string[]];

/** The stream `live`, one JSON entry each, and `trending` with the newest lists for who starts. */
export class RedisLiveStream implements LiveStream {
  readonly #connection: RedisConnection;
  readonly #entriesMax: number;
  readonly #stream: string;
  readonly #trending: string;

  constructor(connection: RedisConnection, { entriesMax = 100_000 }: LiveStreamOptions = {}) {
    this.#connection = connection;
    this.#entriesMax = entriesMax;
    this.#stream = connection.key('live');
    this.#trending = connection.key('trending');
  }

  async publish(entries: readonly LiveEntry[]): Promise<void> {
    for (let start = 0; start < entries.length; start += PUBLISH_MAX) {
      const pipeline = this.#connection.client.pipeline();
      for (const entry of entries.slice(start, start + PUBLISH_MAX)) {
        const json = JSON.stringify(entry);
        if (entry.kind === 'trending') pipeline.set(this.#trending, json);
        pipeline.xadd(this.#stream, 'MAXLEN', '~', this.#entriesMax, '*', 'entry', json);
      }
      pipeline.xtrim(this.#stream, 'MINID', '~', Date.now() - KEEP_MS);
      await this.#connection.run(() => execute(pipeline));
    }
  }

  lastId(): Promise<string> {
    return this.#connection.run(async () => {
      const [newest] = await this.#connection.client.xrevrange(this.#stream, '+', '-', 'COUNT', 1);
      return newest?.[0] ?? '0-0';
    });
  }

  async trending(): Promise<LiveTrending | null> {
    const json = await this.#connection.run(() => this.#connection.client.get(this.#trending));
    return json === null ? null : (JSON.parse(json) as LiveTrending);
  }

  async *tail(after: string, signal: AbortSignal): AsyncGenerator<LiveNews, void> {
    const connection = this.#connection.another({
      name: 'shortlist-live',
      commandTimeoutMs: 2 * BLOCK_MS,
      silenceMs: 3 * BLOCK_MS,
    });
    const close = () => connection.close();
    signal.addEventListener('abort', close, { once: true });
    try {
      await connection.check();
      const position = new StreamPosition(after);
      while (!signal.aborted) {
        const { entries, summary } = await connection.run(() => this.#read(connection, position.id));
        if (
          !position.advance(
            entries.map(([id]) => id),
            summary,
          )
        ) {
          yield { missed: true };
          return;
        }
        yield { missed: false, entries: entries.map(toStreamed) };
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }

  /** Waits for entries after `id`; the summary is of the same moment or a little later. */
  async #read(
    connection: RedisConnection,
    id: string,
  ): Promise<{ entries: RawEntry[]; summary: StreamSummary | null }> {
    const pipeline = connection.client
      .pipeline()
      .xread('COUNT', READ_MAX, 'BLOCK', BLOCK_MS, 'STREAMS', this.#stream, id)
      .xinfo('STREAM', this.#stream);
    const [[readError, read], [infoError, info]] = (await pipeline.exec()) as [
      [Error | null, unknown],
      [Error | null, unknown],
    ];
    if (readError !== null) throw readError;
    const isAbsent = infoError?.message.includes('no such key') === true;
    if (infoError !== null && !isAbsent) throw infoError;
    const entries = (read as [string, RawEntry[]][] | null)?.[0]?.[1] ?? [];
    return { entries, summary: isAbsent ? null : summaryOf(info as unknown[]) };
  }
}

function summaryOf(info: readonly unknown[]): StreamSummary {
  const of = new Map<unknown, unknown>();
  for (let i = 0; i < info.length; i += 2) of.set(info[i], info[i + 1]);
  return {
    length: of.get('length') as number,
    added: of.get('entries-added') as number,
    firstId: (of.get('first-entry') as RawEntry | null)?.[0] ?? null,
    lastId: of.get('last-generated-id') as string,
  };
}

function toStreamed([id, fields]: RawEntry) {
  return { id, timeMs: timeOfId(id), entry: JSON.parse(fields[1]!) as LiveEntry };
}
