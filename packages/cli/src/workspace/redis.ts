import { RedisConnection, type RedisConnectionOptions } from '@shortlist/core/stores/redis/connection.ts';
import type { Environment } from '../environment.ts';
import { checkDatasetName } from './paths.ts';
import { ValkeyServer } from './valkey-server.ts';

export interface OpenedRedis {
  /** For `redisStores` of core. */
  readonly connection: RedisConnection;
  /** What services get as REDIS_URL. */
  readonly url: string;
  /** Ends the connection and lets go of the embedded server (the last process to do so stops it). Again: nothing more. */
  close(): Promise<void>;
}

/**
 * Opens the Redis of `dataset`: `REDIS_URL` where given, otherwise the workspace's embedded Valkey, which is started or
 * joined. Close it when done.
 * @throws `redis_unreachable`, `redis_refused`, `redis_timeout`, `redis_start_failed`, `redis_binaries_missing`
 */
export async function openRedis(
  environment: Environment,
  dataset: string,
  options: Omit<RedisConnectionOptions, 'dataset'> = {},
): Promise<OpenedRedis> {
  checkDatasetName(dataset);
  const server = environment.redisUrl === undefined ? new ValkeyServer(environment) : undefined;
  const url = environment.redisUrl ?? (await server!.join());
  const connection = new RedisConnection(url, { dataset, ...options });
  let closing: Promise<void> | undefined;
  const letGo = async () => {
    connection.close();
    await server?.leave();
  };
  const close = () => (closing ??= letGo());
  try {
    await connection.check();
  } catch (error) {
    await close();
    throw error;
  }
  return { connection, url, close };
}
