import { Type, type Static, type TObject, type TSchema } from 'typebox';
import { Value } from 'typebox/value';
import { ShortlistError } from '@shortlist/core/contracts/errors.ts';

const MIB = 1024 * 1024;

/** Text of a key in the reference: meaning first; the unit where the value has one. */
interface Meaning {
  readonly description: string;
  readonly unit?: string;
}
export const int = (initial: number, minimum: number, maximum: number, meaning: Meaning) =>
  Type.Integer({ ...meaning, minimum, maximum, default: initial });
export const text = (initial: string, meaning: Meaning & { pattern?: string }) =>
  Type.String({ ...meaning, default: initial });
export const flag = (initial: boolean, meaning: Meaning) => Type.Boolean({ ...meaning, default: initial });

/** What every service can be told, under the same variable for all of them. */
export const SHARED_CONFIG = {
  dataset: text('demo', {
    pattern: '^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$',
    description: 'The shop that is served.',
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
  httpServer: Type.Enum(['uws', 'node'], {
    default: 'uws',
    description: '`uws` is uWebSockets.js; `node` is its slower twin on node:http, for machines without the former.',
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
  tracesUrl: text('', {
    pattern: '^$|^https?://',
    description:
      'Where an OpenTelemetry collector takes traces by OTLP over HTTP (JSON), e.g. `http://127.0.0.1:4318/v1/traces`. Empty: there are none.',
  }),
  tracesShare: Type.Number({
    minimum: 0,
    maximum: 1,
    default: 0.01,
    unit: 'share',
    description:
      'Share of the requests that are traced when their caller does not say; a `traceparent` header decides for its request.',
  }),
} as const;

/** The two ports of a service; each service has its own variables for them. */
export const portsConfig = (ports: { http: number; admin: number; adminRoutes: string; bodyBytesMax?: number }) => ({
  httpHost: text('0.0.0.0', { pattern: '.', description: 'Address that the public port is bound to.' }),
  httpPort: int(ports.http, 0, 65_535, { description: 'Public port. 0 takes a free one and logs it.' }),
  adminHost: text('127.0.0.1', {
    pattern: '.',
    description: 'Address that the admin port is bound to. The admin port has no authentication: keep it private.',
  }),
  adminPort: int(ports.admin, 0, 65_535, {
    description: `Port of ${ports.adminRoutes}. 0 takes a free one.`,
  }),
  sharePort: flag(false, {
    description:
      'Let several processes listen on the public port (SO_REUSEPORT), one per core; else a port in use is refused.',
  }),
  listenWhenReady: flag(false, {
    description:
      'Bind the public port only when everything is loaded. For who sends traffic to any port that answers: a shared port, nginx. Probes then ask the admin port.',
  }),
  bodyBytesMax: int(ports.bodyBytesMax ?? MIB, 1024, 64 * MIB, {
    unit: 'bytes',
    description: 'Largest request body; a larger one gets 413.',
  }),
});

/** What `createServicePorts` needs to know. */
export type PortsConfig = Readonly<
  StaticProperties<typeof SHARED_CONFIG> & StaticProperties<ReturnType<typeof portsConfig>>
>;
type StaticProperties<Properties extends Record<string, TSchema>> = {
  [Key in keyof Properties]: Static<Properties[Key]>;
};

/** One program's configuration: its schema and how its variables are called. */
export interface ConfigProgram<Schema extends TObject> {
  readonly schema: Schema;
  /** `SHORTLIST_` or `SHORTLIST_INGEST_`: of the keys that are the program's own. */
  readonly prefix: string;
}

const SHARED_PREFIX = 'SHORTLIST_';
/** Variables that do not follow the prefix, by key. */
const OWN_NAMES: Readonly<Record<string, string>> = { databaseUrl: 'DATABASE_URL', redisUrl: 'REDIS_URL' };
/** Keys that mean the same in every program that has them. */
const SHARED_KEYS = new Set([...Object.keys(SHARED_CONFIG), 'home', 'clockOffsetS']);
/** Variables of the command line and of the other services, which may be set in the same shell. */
const OF_OTHER_PROGRAMS = new Set([
  ...['SHORTLIST_DATA', 'SHORTLIST_POSTGRES_PORT', 'SHORTLIST_VALKEY_PORT', 'SHORTLIST_EXPERIMENTS_URL'],
]);
const PREFIXES_OF_PROGRAMS = ['SHORTLIST_INGEST_', 'SHORTLIST_EXPERIMENTS_', 'SHORTLIST_CONTROLLER_'];
/** Kubernetes gives every pod the addresses of the namespace's services; one named `shortlist-x` looks like ours. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/;
const SERVICE_LINK_VALUE = /^(tcp|udp|sctp):\/\//;

/** `bodyBytesMax` is read from `SHORTLIST_BODY_BYTES_MAX` where the prefix is `SHORTLIST_`. */
export function variableOf(key: string, prefix: string): string {
  const ownPrefix = SHARED_KEYS.has(key) ? SHARED_PREFIX : prefix;
  return OWN_NAMES[key] ?? ownPrefix + key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/**
 * Reads the configuration from environment variables; an empty variable is an absent one. Throws `config_invalid` with
 * the variable's name for a value out of bounds and for a `SHORTLIST_*` that no program knows (a misspelt one would
 * otherwise be ignored in silence).
 */
export function readConfig<Schema extends TObject>(
  { schema, prefix }: ConfigProgram<Schema>,
  variables: Readonly<Record<string, string | undefined>>,
): Readonly<Static<Schema>> {
  const known = new Map(Object.keys(schema.properties).map((key) => [variableOf(key, prefix), key]));
  const given: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(variables)) {
    if (value === undefined || value === '') continue;
    const key = known.get(name);
    if (key === undefined) {
      if (isMisspelt(name, prefix)) throw unknown(name, known);
    } else if (!SERVICE_LINK_VALUE.test(value)) given[key] = valueOf(schema.properties[key]!, value);
  }
  const config = Value.Default(schema, given);
  const [problem] = Value.Errors(schema, config);
  if (problem !== undefined) {
    const key = problem.instancePath.split('/')[1] ?? '';
    throw new ShortlistError('config_invalid', {
      setting: variableOf(key, prefix),
      reason: `${problem.message}${boundsOf(schema.properties[key])}`,
    });
  }
  return config as Readonly<Static<Schema>>;
}

/** A program with a prefix of its own judges only that; the plain prefix belongs to the ranking pod. */
function isMisspelt(name: string, prefix: string): boolean {
  if (!name.startsWith(prefix) || OF_OTHER_PROGRAMS.has(name) || SERVICE_LINK.test(name)) return false;
  return prefix !== SHARED_PREFIX || !PREFIXES_OF_PROGRAMS.some((other) => name.startsWith(other));
}

function valueOf(schema: TSchema, value: string): unknown {
  const { type } = schema as { type?: string };
  if (type === 'integer' || type === 'number') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value;
  return value;
}

/** ` (1 to 10)` or ` (a, b)`, or nothing. */
function boundsOf(schema: object | undefined): string {
  const bounds = describeBounds(schema ?? {});
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
