import { resolve } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

const REPOSITORY = resolve(import.meta.dirname, '../../..');

/** What the command line takes from the environment: variable, meaning and default. */
const EnvironmentSchema = Type.Object({
  SHORTLIST_HOME: Type.String({
    minLength: 1,
    default: '.shortlist',
    description: 'Workspace: databases, generated files, releases. Relative to the repository.',
  }),
  SHORTLIST_DATA: Type.String({
    minLength: 1,
    default: '../shared/data',
    description: 'Folder with one folder of real data per source. Relative to the repository.',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      description: 'PostgreSQL to use in place of the embedded one; it holds one dataset.',
    }),
  ),
  SHORTLIST_POSTGRES_PORT: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,4}$',
      description: 'Loopback port of the embedded PostgreSQL; a free one when absent.',
    }),
  ),
  SHORTLIST_VALKEY_PORT: Type.Optional(
    Type.String({
      pattern: '^[1-9][0-9]{0,4}$',
      description: 'Loopback port of the embedded Valkey; a free one when absent.',
    }),
  ),
  SHORTLIST_EXPERIMENTS_URL: Type.String({
    pattern: '^https?://',
    default: 'http://127.0.0.1:8092',
    description: 'The experiments service; `shortlist up` starts one there.',
  }),
  SHORTLIST_EXPERIMENTS_WRITE_TOKEN: Type.Optional(
    Type.String({ description: 'What the experiments service asks of who changes experiments, where it does.' }),
  ),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://',
      description:
        'Redis or Valkey (7.0 or newer) to use in place of the embedded Valkey; several datasets may share it.',
    }),
  ),
});

export interface Environment {
  readonly repository: string;
  /** The workspace folder, absolute. */
  readonly home: string;
  /** Where real data lies, absolute; it may be absent. */
  readonly dataFolder: string;
  readonly databaseUrl?: string;
  readonly postgresPort?: number;
  readonly valkeyPort?: number;
  readonly redisUrl?: string;
  readonly experimentsUrl: string;
  readonly experimentsToken?: string;
  /** All that was given, for processes that are started with it. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Reads and validates the variables of `EnvironmentSchema`. Throws `config_invalid` with the variable's name. */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>>): Environment {
  const given: Record<string, string> = {};
  for (const name of Object.keys(EnvironmentSchema.properties)) {
    const value = variables[name];
    // An empty variable is an absent one: that is how a shell or a compose file unsets it.
    if (value !== undefined && value !== '') given[name] = value;
  }
  const values = Value.Default(EnvironmentSchema, given) as Static<typeof EnvironmentSchema>;
  const [problem] = Value.Errors(EnvironmentSchema, values);
  if (problem !== undefined) {
    throw new ShortlistError('config_invalid', { setting: problem.instancePath.slice(1), reason: problem.message });
  }
  return {
    repository: REPOSITORY,
    home: resolve(REPOSITORY, values.SHORTLIST_HOME),
    dataFolder: resolve(REPOSITORY, values.SHORTLIST_DATA),
    experimentsUrl: values.SHORTLIST_EXPERIMENTS_URL,
    variables: Object.fromEntries(
      Object.entries(variables).filter((entry): entry is [string, string] => entry[1] !== undefined),
    ),
    ...(values.SHORTLIST_EXPERIMENTS_WRITE_TOKEN === undefined
      ? {}
      : { experimentsToken: values.SHORTLIST_EXPERIMENTS_WRITE_TOKEN }),
    ...(values.DATABASE_URL === undefined ? {} : { databaseUrl: values.DATABASE_URL }),
    ...(values.SHORTLIST_POSTGRES_PORT === undefined ? {} : { postgresPort: Number(values.SHORTLIST_POSTGRES_PORT) }),
    ...(values.SHORTLIST_VALKEY_PORT === undefined ? {} : { valkeyPort: Number(values.SHORTLIST_VALKEY_PORT) }),
    ...(values.REDIS_URL === undefined ? {} : { redisUrl: values.REDIS_URL }),
  };
}
