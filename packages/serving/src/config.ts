import { Type, type Static, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

const MIB = 1024 * 1024;

/** Text of a key in the reference: meaning first; the unit where the value has one. */
interface Meaning {
  readonly description: string;
  readonly unit?: string;
}
const int = (initial: number, minimum: number, maximum: number, meaning: Meaning) =>
  Type.Integer({ ...meaning, minimum, maximum, default: initial });
const text = (initial: string, meaning: Meaning & { pattern?: string }) =>
  Type.String({ ...meaning, default: initial });
const flag = (initial: boolean, meaning: Meaning) => Type.Boolean({ ...meaning, default: initial });

/** Everything a ranking pod can be told. `docs/configuration.md` is generated from this. */
export const ConfigSchema = Type.Object(
  {
    dataset: text('demo', {
      pattern: '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$',
      description: 'The shop that is served.',
    }),
    home: text('.shortlist', {
      pattern: '.',
      description: 'Workspace that holds `datasets/<dataset>/releases` and `active.json`. Relative to the repository.',
    }),
    databaseUrl: text('', {
      pattern: '^$|^postgres(ql)?://',
      description:
        'PostgreSQL that holds the events. Empty: no stored profiles, so only `context.recent_items` makes an answer personal. `shortlist up` sets it.',
    }),
    rulesFile: text('', {
      description:
        'YAML file of business rules, reloaded when it changes. Empty: no rules. Relative to the repository.',
    }),
    clock: Type.Enum(['wall', 'data'], {
      default: 'wall',
      description:
        "`wall` is the real time. `data` starts at the end of the release's training data and runs on from there: for a shop whose data is of the past, where everything would seem years old. `shortlist up` chooses.",
    }),
    httpServer: Type.Enum(['uws', 'node'], {
      default: 'uws',
      description: '`uws` is uWebSockets.js; `node` is its slower twin on node:http, for machines without the former.',
    }),
    httpHost: text('0.0.0.0', { pattern: '.', description: 'Address that the public port is bound to.' }),
    httpPort: int(8080, 0, 65_535, { description: 'Public port. 0 takes a free one and logs it.' }),
    adminHost: text('127.0.0.1', {
      pattern: '.',
      description: 'Address that the admin port is bound to. The admin port has no authentication: keep it private.',
    }),
    adminPort: int(8081, 0, 65_535, {
      description: 'Port of `/reload-model` and `/admin/dashboard`. 0 takes a free one.',
    }),
    sharePort: flag(false, {
      description:
        'Let several processes listen on the public port (SO_REUSEPORT), one per core; else a port in use is refused.',
    }),
    bodyBytesMax: int(MIB, 1024, 64 * MIB, {
      unit: 'bytes',
      description: 'Largest request body; a larger one gets 413.',
    }),
    bodyTimeoutMs: int(5_000, 100, 60_000, {
      unit: 'ms',
      description:
        'Time from the headers to the end of the body. uWebSockets.js closes silent connections after 10 s anyway.',
    }),
    drainDelayMs: int(0, 0, 60_000, {
      unit: 'ms',
      description:
        'After SIGTERM: how long the port stays open while readiness already says no (for load balancers that look rarely).',
    }),
    drainMs: int(10_000, 0, 600_000, {
      unit: 'ms',
      description: 'After that: how long requests in flight may take before they are cut off.',
    }),
    deadlineMs: int(100, 1, 60_000, {
      unit: 'ms',
      description: 'How long a request may wait for its turn when it does not bring a `deadline_ms`; then it gets 503.',
    }),
    batchRequestsMax: int(32, 1, 256, {
      unit: 'requests',
      description: 'Most requests ranked in one call of the model.',
    }),
    batchRowsMax: int(2_048, 1, 65_536, {
      unit: 'rows',
      description: 'Most candidates ranked in one call of the model.',
    }),
    batchWaitMs: int(0, 0, 10, {
      unit: 'ms',
      description: 'How long a batch waits for company. 0 is best on a CPU: a timer only adds latency.',
    }),
    queueMax: int(256, 1, 10_000, {
      unit: 'requests',
      description: 'Most requests that wait; one more gets 503 at once.',
    }),
    databaseConnectionsMax: int(8, 1, 100, { unit: 'connections', description: 'Most connections to PostgreSQL.' }),
    databaseTimeoutMs: int(50, 1, 10_000, {
      unit: 'ms',
      description: 'Longest read of a profile; then the answer is made without it and says so.',
    }),
    profileCacheMax: int(20_000, 1, 10_000_000, { unit: 'profiles', description: 'Most profiles kept in memory.' }),
    profileCacheMs: int(1_000, 0, 3_600_000, {
      unit: 'ms',
      description: 'How stale a kept profile may be. 0 reads PostgreSQL for every request.',
    }),
    impressionsFile: text('', {
      description:
        'File that every shown slate is appended to, in the form that `shortlist import jsonl` reads. Empty: none. Relative to the repository.',
    }),
    logLevel: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], {
      default: 'info',
      description: 'Least severe line that is written. `debug` writes one line per request.',
    }),
    logRequestsShare: Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0.01,
      unit: 'share',
      description: 'Share of requests that get a line at `info`. Unexpected failures are always logged.',
    }),
  },
  { additionalProperties: false },
);

export type Config = Readonly<Static<typeof ConfigSchema>>;

const PREFIX = 'SHORTLIST_';
/** Variables that do not follow the prefix, by key. */
const OWN_NAMES: Readonly<Record<string, string>> = { databaseUrl: 'DATABASE_URL' };
/** Variables of the command line, which may be set in the same shell. */
const OF_OTHER_PROGRAMS = new Set(['SHORTLIST_DATA', 'SHORTLIST_POSTGRES_PORT']);
/** Kubernetes gives every pod the addresses of the namespace's services; one named `shortlist-x` looks like ours. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;

/** `bodyBytesMax` is read from `SHORTLIST_BODY_BYTES_MAX`. */
export function variableOf(key: string): string {
  return OWN_NAMES[key] ?? PREFIX + key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/**
 * Reads the configuration from environment variables; an empty variable is an absent one. Throws `config_invalid` with
 * the variable's name for a value out of bounds and for a `SHORTLIST_*` that no program knows (a misspelt one would
 * otherwise be ignored in silence).
 */
export function readConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const known = new Map(Object.keys(ConfigSchema.properties).map((key) => [variableOf(key), key]));
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || value === '') continue;
    const key = known.get(name);
    if (key === undefined) {
      if (name.startsWith(PREFIX) && !OF_OTHER_PROGRAMS.has(name) && !SERVICE_LINK.test(name))
        throw unknown(name, known);
    } else if (!SERVICE_LINK_VALUE.test(value)) given[key] = valueOf(key, value);
  }
  const config = Value.Default(ConfigSchema, given);
  const [problem] = Value.Errors(ConfigSchema, config);
  if (problem !== undefined) {
    const key = problem.instancePath.split('/')[1] ?? '';
    throw new ShortlistError('config_invalid', {
      setting: variableOf(key),
      reason: `${problem.message}${boundsOf(key)}`,
    });
  }
  return config as Config;
}

function valueOf(key: string, value: string): unknown {
  const { type } = (ConfigSchema.properties as Record<string, TSchema & { type?: string }>)[key]!;
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return value;
}

/** ` (1 to 10)` or ` (a, b)`, or nothing. */
function boundsOf(key: string): string {
  const bounds = describeBounds((ConfigSchema.properties as Record<string, object>)[key] ?? {});
  return bounds === '' ? '' : ` (${bounds})`;
}

/** What a key accepts, in words. */
export function describeBounds(schema: object): string {
  const {
    minimum,
    maximum,
    enum: choices,
    type,
  } = schema as {
    minimum?: number;
    maximum?: number;
    enum?: string[];
    type?: string;
  };
  if (choices !== undefined) return choices.join(', ');
  if (type === 'boolean') return 'true, false';
  return minimum === undefined || maximum === undefined ? '' : `${minimum} to ${maximum}`;
}

function unknown(name: string, known: ReadonlyMap<string, string>): ShortlistError {
  const reason = `no program knows it; known are ${[...known.keys()].join(', ')}`;
  return new ShortlistError('config_invalid', { setting: name, reason });
}
