/**
 * Writes google-<version>.json, the schema of the resources that terraform/gcp uses, from the typed bindings that CDK for
 * Terraform generated of the real provider:
 *
 *   npm pack @cdktf/provider-google@16.12.1 && tar xzf *.tgz
 *   node test/terraform/schema-provider/write-google-schema.ts package
 *
 * In their code every argument says its name, type and whether it is computed, optional or required.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

type Type = string | readonly [string, Type] | readonly ['object', Record<string, Type>];

interface Attribute {
  readonly type: Type;
  readonly required?: true;
  readonly optional?: true;
  readonly computed?: true;
  readonly write_only?: true;
}

interface Block {
  readonly attributes: Record<string, Attribute>;
  readonly blocks: Record<string, { nesting: 'list' | 'set'; min: number; max: number; block: Block }>;
}

const FOLDER = import.meta.dirname;
const GCP = join(FOLDER, '../../../terraform/gcp');

const ACCESSORS: Record<string, Type> = {
  getStringAttribute: 'string',
  getNumberAttribute: 'number',
  getBooleanAttribute: 'bool',
  getListAttribute: ['list', 'string'],
  getNumberListAttribute: ['list', 'number'],
  getStringMapAttribute: ['map', 'string'],
  getNumberMapAttribute: ['map', 'number'],
  getBooleanMapAttribute: ['map', 'bool'],
};

/** The bodies of the classes of a file, by name. */
function classesOf(text: string): Map<string, string> {
  const starts = [...text.matchAll(/^class (\w+) extends/gm)];
  return new Map(starts.map((start, i) => [start[1]!, text.slice(start.index, starts[i + 1]?.index ?? text.length)]));
}

/** What the class of a resource, a provider or a nested struct declares. */
function blockOf(name: string, classes: ReadonlyMap<string, string>): Block {
  const body = classes.get(name);
  if (body === undefined) throw new Error(`no class ${name}`);
  const block: Block = { attributes: {}, blocks: {} };
  const properties = body.matchAll(
    /\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\s+([\s\S]*?)get (\w+)\(\) \{([\s\S]*?)\n {4}\}/g,
  );
  for (const [, key, isComputed, isOptional, isRequired, before, , getter] of properties) {
    const flags = {
      ...(isRequired === 'true' ? { required: true as const } : {}),
      ...(isOptional === 'true' ? { optional: true as const } : {}),
      ...(isComputed === 'true' ? { computed: true as const } : {}),
      ...(key!.endsWith('_wo') ? { write_only: true as const } : {}),
    };
    const struct = /new (\w+?)(OutputReference|List)\(this, "\w+"(?:, (true|false))?/.exec(before! + getter!);
    if (struct === null || struct[1]!.startsWith('cdktf')) {
      block.attributes[key!] = { type: typeOf(getter!, `${name}.${key!}`), ...flags };
      continue;
    }
    const [, type, kind, wrapsSet] = struct;
    const inner = blockOf(`${type!}OutputReference`, classes);
    const nesting = kind === 'List' && wrapsSet === 'true' ? 'set' : 'list';
    if (isComputed === 'true') block.attributes[key!] = { type: [nesting, objectOf(inner)], ...flags };
    else if (key !== 'timeouts')
      block.blocks[key!] = {
        ...{ nesting, min: isRequired === 'true' ? 1 : 0, max: kind === 'List' ? 0 : 1 },
        block: inner,
      };
  }
  return block;
}

function typeOf(getter: string, where: string): Type {
  const set = /Fn\.tolist\(this\.(getListAttribute|getNumberListAttribute)\(/.exec(getter);
  if (set !== null) return ['set', (ACCESSORS[set[1]!] as [string, Type])[1]];
  const accessor = /this\.(get\w+Attribute)\(/.exec(getter)?.[1];
  const type = accessor === undefined ? undefined : ACCESSORS[accessor];
  // Maps of what has no type, e.g. `getAnyMapAttribute`.
  if (type === undefined) return accessor === 'getAnyMapAttribute' ? ['map', 'string'] : failed(where, getter);
  return type;
}

const failed = (where: string, getter: string): never => {
  throw new Error(`${where}: no type in ${getter}`);
};

function objectOf(block: Block): Type {
  const fields = Object.entries(block.attributes).map(([key, { type }]) => [key, type] as const);
  const inner = Object.entries(block.blocks).map(([key, one]) => [key, [one.nesting, objectOf(one.block)]] as const);
  return ['object', Object.fromEntries([...fields, ...inner]) as Record<string, Type>];
}

function usedResources(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.tf'));
  const types = files.flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^resource "(google_\w+)"/gm)].map(([, type]) => type!),
  );
  return [...new Set(types)].sort();
}

const [source] = process.argv.slice(2);
if (source === undefined || !existsSync(join(source, 'lib'))) {
  console.error('usage: write-google-schema.ts FOLDER (of the unpacked @cdktf/provider-google)');
  process.exit(2);
}
const pascal = (snake: string): string => snake.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
const read = (folder: string): string => readFileSync(join(source, 'lib', folder, 'index.js'), 'utf8');
const resources = usedResources(GCP).map((type) => {
  const short = type.replace('google_', '');
  return [type, blockOf(pascal(short), classesOf(read(short.replaceAll('_', '-'))))] as const;
});
const provider = read('provider');
const version = /providerVersion: '([\d.]+)'/.exec(read('redis-instance'))![1]!;
const schema = {
  address: 'registry.terraform.io/hashicorp/google',
  version,
  provider: blockOf('GoogleProvider', classesOf(provider)),
  resources: Object.fromEntries(resources),
};
writeFileSync(join(FOLDER, 'google.json'), `${JSON.stringify(schema, undefined, 1)}\n`);
console.log(`${resources.length} resources of google ${version}`);
