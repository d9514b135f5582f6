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

type Type = string | readonly [string, Type | Readonly<Record<string, Type>>];

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

/** What Google's provider fills in when it is left out; the bindings do not tell this from what is merely optional. */
const FILLED_IN = new Set(['project', 'region']);

/**
 * What the class of a resource, a provider or a nested struct declares. A simple argument has a getter, and a method
 * `reset<Name>` when it is optional; one that is only computed has a comment that says so. Structs are made in the
 * constructor, below a comment with all three.
 */
function blockOf(name: string, classes: ReadonlyMap<string, string>): Block {
  const body = classes.get(name);
  if (body === undefined) throw new Error(`no class ${name}`);
  const block: Block = { attributes: {}, blocks: {} };
  const getters = /get (\w+)\(\) \{\s+return ((?:cdktf\.Fn\.tolist\()?this\.(get\w+Attribute)\('(\w+)'\)\)?);/g;
  for (const [, property, expression, accessor, key] of body.matchAll(getters)) {
    const isComputed = body.includes(`// ${key!} - computed: true, optional: false`);
    const isOptional = body.includes(`reset${property![0]!.toUpperCase()}${property!.slice(1)}() {`);
    block.attributes[key!] = {
      type: typeOf(expression!, accessor!, `${name}.${key!}`),
      ...(isComputed || (isOptional && FILLED_IN.has(key!)) || key === 'id' ? { computed: true as const } : {}),
      ...(isOptional && key !== 'id' ? { optional: true as const } : {}),
      ...(isComputed || isOptional || key === 'id' ? {} : { required: true as const }),
      ...(key!.endsWith('_wo') ? { write_only: true as const } : {}),
    };
  }
  const structs =
    /\/\/ (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n\s+this\.\w+ = new (?:\w*structs\w*\.)?([\w.]+?)(OutputReference|List|Map)\(this, "\w+"(?:, (true|false))?\)/g;
  for (const [, key, isComputed, isOptional, isRequired, struct, kind, wrapsSet] of body.matchAll(structs)) {
    const flags = {
      ...(isRequired === 'true' ? { required: true as const } : {}),
      ...(isOptional === 'true' ? { optional: true as const } : {}),
      ...(isComputed === 'true' ? { computed: true as const } : {}),
    };
    const nesting = kind === 'List' && wrapsSet === 'true' ? 'set' : 'list';
    if (struct === 'cdktf.String') block.attributes[key!] = { type: ['map', 'string'], ...flags };
    else {
      const inner = blockOf(`${struct!}OutputReference`, classes);
      if (isComputed === 'true') block.attributes[key!] = { type: [nesting, objectOf(inner)], ...flags };
      else if (key !== 'timeouts')
        block.blocks[key!] = {
          ...{ nesting, min: isRequired === 'true' ? 1 : 0, max: kind === 'List' ? 0 : 1 },
          block: inner,
        };
    }
  }
  return block;
}

function typeOf(expression: string, accessor: string, where: string): Type {
  const type = ACCESSORS[accessor] ?? failed(where, expression);
  return expression.startsWith('cdktf.Fn.tolist') ? ['set', (type as [string, Type])[1]] : type;
}

const failed = (where: string, expression: string): never => {
  throw new Error(`${where}: no type in ${expression}`);
};

const STORED: Record<string, Type> = {
  ...{ string: 'string', number: 'number', boolean: 'bool' },
  ...{ stringList: ['list', 'string'], stringMap: ['map', 'string'] },
};

/** The provider's own arguments, all optional; its blocks (batching and the like) are left out. */
function providerOf(text: string): Block {
  const stored = /(\w+): \{\s+value: [^\n]+\n\s+isBlock: false,\s+type: "\w+",\s+storageClassType: "(\w+)"/g;
  const attributes = [...text.matchAll(stored)].flatMap(([, key, type]) => {
    const known = STORED[type!];
    return known === undefined ? [] : [[key!, { type: known, optional: true }] as const];
  });
  return { attributes: Object.fromEntries(attributes), blocks: {} };
}

function objectOf(block: Block): Type {
  const fields = Object.entries(block.attributes).map(([key, { type }]) => [key, type] as const);
  const inner = Object.entries(block.blocks).map(([key, one]) => [key, [one.nesting, objectOf(one.block)]] as const);
  return ['object', Object.fromEntries([...fields, ...inner])];
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
/** The code of a resource; large ones have their structs in files beside. */
const read = (folder: string): string =>
  readdirSync(join(source, 'lib', folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(join(source, 'lib', folder, file), 'utf8'))
    .join('\n');
const resources = usedResources(GCP).map((type) => {
  const short = type.replace('google_', '');
  return [type, blockOf(pascal(short), classesOf(read(short.replaceAll('_', '-'))))] as const;
});
const version = /providerVersion: '([\d.]+)'/.exec(read('redis-instance'))![1]!;
const schema = {
  address: 'registry.terraform.io/hashicorp/google',
  version,
  provider: providerOf(read('provider')),
  resources: Object.fromEntries(resources),
};
writeFileSync(join(FOLDER, 'google.json'), `${JSON.stringify(schema, undefined, 1)}\n`);
console.log(`${resources.length} resources of google ${version}`);
