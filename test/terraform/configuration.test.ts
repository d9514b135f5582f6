import { dirname, join } from 'node:path';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { filesOf, TERRAFORM } from './terraform.ts';

interface Declared {
  readonly kind: string;
  readonly labels: readonly string[];
  readonly body: string;
}

/** Top-level blocks of a formatted file: they begin and end in the first column. */
function blocksOf(text: string): Declared[] {
  return [...text.matchAll(/^(\w+)((?: "[^"]+")*) \{\n([\s\S]*?)^\}$/gm)].map(([, kind, labels, body]) => ({
    kind: kind!,
    labels: [...labels!.matchAll(/"([^"]+)"/g)].map(([, label]) => label!),
    body: body!,
  }));
}

const MODULES = [...new Set(filesOf(TERRAFORM, '.tf').map((file) => dirname(file)))].map((folder) => {
  const path = join(TERRAFORM, folder);
  const text = readdirSync(path)
    .filter((file) => file.endsWith('.tf'))
    .map((file) => readFileSync(join(path, file), 'utf8'))
    .join('\n');
  return { folder, path, text, blocks: blocksOf(text) };
});
type Module = (typeof MODULES)[number];

const of = ({ blocks }: Module, kind: string): Declared[] => blocks.filter((block) => block.kind === kind);

/** Nested or not, whoever keeps a value that opens a door calls it something like this. */
const SECRET = /(password|auth_string|auth_token|secret_string|secret_data|private_key)\b/;

describe.each(MODULES.map((module) => [module.folder, module] as const))('terraform/%s', (_, module) => {
  it('says what each variable means and of what type it is', () => {
    const silent = of(module, 'variable').filter(
      ({ body }) => !/^ {2}description\s*= "\S/m.test(body) || !/^ {2}type\s*= /m.test(body),
    );
    expect(silent.map(({ labels }) => labels[0])).toEqual([]);
  });

  it('uses each variable', () => {
    const unused = of(module, 'variable').filter(
      ({ labels: [name], body }) => !new RegExp(`\\bvar\\.${name!}\\b`).test(module.text.replace(body, '')),
    );
    expect(unused.map(({ labels }) => labels[0])).toEqual([]);
  });

  it('refers to no variable that it does not have', () => {
    const names = new Set(of(module, 'variable').map(({ labels }) => labels[0]!));
    const used = [...module.text.matchAll(/\bvar\.(\w+)/g)].map(([, name]) => name!);
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });

  it('says what each output is, and gives no secret away', () => {
    const outputs = of(module, 'output');
    expect(
      outputs.filter(({ body }) => !/^ {2}description\s*= "\S/m.test(body)).map(({ labels }) => labels[0]),
    ).toEqual([]);
    const open = outputs.filter(
      ({ body }) => SECRET.test(body.replaceAll(/"[^"$]*"/g, '""')) && !/^ {2}sensitive\s*= true$/m.test(body),
    );
    expect(open.map(({ labels }) => labels[0])).toEqual([]);
  });

  it('says which versions it was made for', () => {
    expect(module.text).toMatch(/required_version = "(>= 1\.11\.0, < 2\.0\.0|~> 1\.11)"/);
    if (/^(resource|ephemeral|data) "/m.test(module.text)) expect(module.text).toMatch(/^ {6}version = "(~> )?\d/m);
  });

  it.each(of(module, 'module').map((call) => [call.labels[0]!, call] as const))(
    'calls %s with arguments that it has, and with all that it needs',
    (_name, { body }) => {
      const source = /^ {2}source\s*= "([^"]+)"$/m.exec(body)![1]!;
      const called = MODULES.find(({ path }) => path === join(module.path, source))!;
      const given = [...body.matchAll(/^ {2}(\w+)\s+=/gm)]
        .map(([, name]) => name!)
        .filter((name) => !['source', 'for_each', 'count', 'depends_on', 'providers'].includes(name));
      const variables = of(called, 'variable');
      const known = variables.map(({ labels }) => labels[0]!);
      const needed = variables.filter((one) => !/^ {2}default\s*=/m.test(one.body)).map(({ labels }) => labels[0]!);
      expect(given.filter((name) => !known.includes(name))).toEqual([]);
      expect(needed.filter((name) => !given.includes(name))).toEqual([]);
      const outputs = new Set(of(called, 'output').map(({ labels }) => labels[0]!));
      const read = [...module.text.matchAll(new RegExp(`\\bmodule\\.${_name}(?:\\[[^\\]]+\\])?\\.(\\w+)`, 'g'))];
      expect(read.map(([, output]) => output!).filter((output) => !outputs.has(output))).toEqual([]);
    },
  );
});

describe('terraform', () => {
  it('has a small module for each thing, and no large file', () => {
    const large = filesOf(TERRAFORM, '.tf').filter(
      (file) => readFileSync(join(TERRAFORM, file), 'utf8').split('\n').length > 350,
    );
    expect(large).toEqual([]);
  });

  it('has examples of what an operator fills in, and keeps the filled-in ones out of git', () => {
    const ignored = readFileSync(join(TERRAFORM, '.gitignore'), 'utf8').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['terraform.tfvars', 'backend.hcl', '*.tfstate', '*.tfplan']));
    for (const cloud of ['aws', 'gcp']) {
      const folder = join(TERRAFORM, cloud, 'examples/production');
      const variables = blocksOf(readFileSync(join(folder, 'variables.tf'), 'utf8')).map(({ labels }) => labels[0]!);
      const example = readFileSync(join(folder, 'terraform.tfvars.example'), 'utf8');
      const filled = [...example.matchAll(/^(\w+)\s+=/gm)].map(([, name]) => name!);
      expect([...filled].sort()).toEqual([...variables].sort());
      expect(existsSync(join(folder, 'backend.hcl.example'))).toBe(true);
    }
  });

  it('holds no key and no password', () => {
    const files = readdirSync(TERRAFORM, { recursive: true, encoding: 'utf8' })
      .filter((file) => !file.includes('.terraform'))
      .map((file) => join(TERRAFORM, file))
      .filter((file) => statSync(file).isFile());
    const found = files.filter((file) =>
      /AKIA[0-9A-Z]{16}|-----BEGIN|"private_key"|AIza[\w-]{35}/.test(readFileSync(file, 'utf8')),
    );
    expect(found).toEqual([]);
  });
});
