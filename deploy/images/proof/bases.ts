import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from './engine.ts';
import { run } from './shell.ts';

/** Of Node's own release of the 22 line: the official image brings the npm that is bundled with it. */
const NPM_VERSION = '10.9.4';
const SUITE = 'bookworm';

/** What the machine needs to reach package registries, for the steps that install. */
export interface Access {
  /** PEM file with the authorities to trust. */
  readonly authorities?: string;
  /** Folder with Python wheels. */
  readonly wheels?: string;
}

/**
 * Stand-ins for the base images that the Containerfiles name, made from Debian's own packages and, for Node, from the
 * npm package that brings the same program: no registry is asked. They differ from the official ones in their age, not
 * in what the Containerfiles use of them.
 */
export function makeBases(engine: Engine, containerfile: string, access: Access): readonly string[] {
  const text = readFileSync(containerfile, 'utf8');
  const named = (name: string): string => {
    const tag = new RegExp(`^FROM ${name}:([^$\\s]+)`, 'm').exec(text)?.[1];
    if (tag === undefined) throw new Error(`${containerfile} names no ${name}`);
    return `localhost/${name}:${tag}`;
  };
  const debian = named('debian');
  const node = named('node');
  if (!engine.has(debian))
    engine.make(debian, 'scratch', (root) => {
      run('debootstrap', ['--variant=minbase', SUITE, root]);
      rmSync(join(root, 'var/cache/apt/archives'), { recursive: true });
      mkdirSync(join(root, 'var/cache/apt/archives/partial'), { recursive: true });
      grant(root, access);
    });
  if (!engine.has(node))
    engine.make(node, debian, (root) => addNode(root, /:(\d+\.\d+\.\d+)-/.exec(node)![1]!, access));
  return [debian, node];
}

const AUTHORITIES = '/etc/ssl/authorities-of-the-proof.pem';

/** Package managers learn of this machine's authorities by their own files: an environment variable would stay. */
function grant(root: string, { authorities, wheels }: Access): void {
  const pip = ['[global]'];
  if (authorities !== undefined) {
    cpSync(authorities, join(root, AUTHORITIES), { dereference: true });
    pip.push(`cert = ${AUTHORITIES}`);
  }
  if (wheels !== undefined) pip.push(`find-links = ${wheels}`);
  writeFileSync(join(root, 'etc/pip.conf'), `${pip.join('\n')}\n`);
}

/** Program, headers and npm where the official image has them. */
function addNode(root: string, version: string, { authorities }: Access): void {
  const folder = mkdtempSync(join(tmpdir(), 'shortlist-node-'));
  try {
    const unpack = (spec: string, to: string) => {
      const archive = run('npm', ['pack', '--silent', spec, '--pack-destination', folder]).trim().split('\n').at(-1)!;
      mkdirSync(to, { recursive: true });
      run('tar', [
        '--extract',
        '--no-same-owner',
        '--strip-components=1',
        '--file',
        join(folder, archive),
        '--directory',
        to,
      ]);
    };
    const local = join(root, 'usr/local');
    unpack(`node-linux-${arch()}@${version}`, join(folder, 'node'));
    for (const part of ['bin', 'include']) cpSync(join(folder, 'node', part), join(local, part), { recursive: true });
    if (!existsSync(join(local, 'include/node/node_api.h'))) throw new Error('the package of Node has no headers');
    unpack(`npm@${NPM_VERSION}`, join(local, 'lib/node_modules/npm'));
    rmSync(join(local, 'bin/npm'), { force: true });
    symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
    run('chmod', ['0755', join(local, 'lib/node_modules/npm/bin/npm-cli.js'), join(local, 'bin/node')]);
    mkdirSync(join(local, 'etc'), { recursive: true });
    if (authorities !== undefined) writeFileSync(join(local, 'etc/npmrc'), `cafile=${AUTHORITIES}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
