import type { ChainableCommander, Redis } from 'ioredis';

export interface ScriptOptions {
  readonly name: string;
  readonly lua: string;
  /** How many of the arguments, the first ones, are keys; absent: the first argument says how many follow. */
  readonly keys?: number;
}

type ScriptArguments = readonly (string | number | Buffer)[];
type Commands = Record<string, (...args: ScriptArguments) => Promise<unknown>>;

/** A Lua script of the server: sent whole once to a connection, by its digest from then on. */
export class Script {
  readonly #client: Redis;
  readonly #name: string;

  constructor(client: Redis, { name, lua, keys }: ScriptOptions) {
    this.#client = client;
    this.#name = name;
    client.defineCommand(name, { lua, ...(keys === undefined ? {} : { numberOfKeys: keys }) });
  }

  run(...args: ScriptArguments): Promise<unknown> {
    return (this.#client as unknown as Commands)[this.#name]!(...args);
  }

  /** As `run`; strings come as bytes. */
  buffers(...args: ScriptArguments): Promise<unknown> {
    return (this.#client as unknown as Commands)[`${this.#name}Buffer`]!(...args);
  }

  /** Adds a call to `pipeline`, which must be of the same client. */
  add(pipeline: ChainableCommander, ...args: ScriptArguments): void {
    void (pipeline as unknown as Commands)[this.#name]!(...args);
  }
}

/** Sends a pipeline; throws what the first command that failed threw. */
export async function execute(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error !== null) throw error;
    return reply;
  });
}
