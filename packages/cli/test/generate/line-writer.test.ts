import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LineWriter } from '../../src/generate/line-writer.ts';
import { DEFAULT_PARAMETERS } from '../../src/generate/parameters.ts';
import { generateShop } from '../../src/generate/shop-writer.ts';
import { scratchFolder } from './demo-shop.ts';

const scratch = await scratchFolder();
afterAll(scratch.remove);

describe('LineWriter', () => {
  it('gives a file its name only when it is whole', async () => {
    const path = join(scratch.path, 'whole.jsonl');
    const writer = await LineWriter.open(path);
    writer.add({ a: 1 });
    await writer.flush();
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' });
    writer.add({ b: 'é' });
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe('{"a":1}\n{"b":"é"}\n');
    expect([writer.lines, writer.bytes]).toEqual([2, 19]);
  });

  it('reports a full disk as disk_full', async () => {
    const path = join(scratch.path, 'full.jsonl');
    await symlink('/dev/full', `${path}.partial`);
    const writer = await LineWriter.open(path);
    writer.add({ a: 1 });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'disk_full', details: { what: path } });
    await writer.discard();
  });

  it('reports a pipe that nobody reads any more as output_closed', async () => {
    const path = join(scratch.path, 'pipe.jsonl');
    execFileSync('mkfifo', [`${path}.partial`]);
    const reader = spawn('head', ['-c', '1', `${path}.partial`], { stdio: 'ignore' });
    // Listened for from the start: it may be gone before the flush is.
    const gone = once(reader, 'exit');
    const writer = await LineWriter.open(path);
    writer.add({ a: 1 });
    await writer.flush();
    await gone;
    writer.add({ a: 2 });
    await expect(writer.flush()).rejects.toMatchObject({ code: 'output_closed' });
    await writer.discard();
  });

  it('reports a folder that is not one as output_unwritable', async () => {
    const file = join(scratch.path, 'a-file');
    await writeFile(file, '');
    await expect(LineWriter.open(join(file, 'items.jsonl'))).rejects.toMatchObject({
      code: 'output_unwritable',
      details: { reason: 'ENOTDIR' },
    });
  });
});

describe('a shop that cannot be written', () => {
  it('leaves no half-written file behind when the disk fills up', async () => {
    const folder = join(scratch.path, 'filling');
    await mkdir(folder);
    await symlink('/dev/full', join(folder, 'events.jsonl.partial'));
    const parameters = { ...DEFAULT_PARAMETERS, items: 100, users: 20, events: 500 };
    await expect(generateShop({ parameters, folder })).rejects.toMatchObject({ code: 'disk_full' });
    expect(await readdir(folder)).toEqual([]);
  });
});
