import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeArrow } from '../../src/train/arrow-file.ts';
import { RowFile } from '../../src/train/row-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'arrow-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('says which file of a training run did not fit on the disk', async () => {
  const path = join(folder, 'events.arrow');
  await symlink('/dev/full', `${path}.part`);
  await expect(writeArrow(path, { row: Int32Array.of(1) })).rejects.toMatchObject({
    code: 'disk_full',
    details: { what: path },
  });

  await symlink('/dev/full', join(folder, 'ranker-features.f32'));
  const rows = await RowFile.create(join(folder, 'ranker'));
  rows.next().fill(1);
  rows.add({ list: 0, row: 0, click: 1, conversion: 0, weight: 1, position: 1, propensity: 1 });
  await expect(rows.flush()).rejects.toMatchObject({
    code: 'disk_full',
    details: { what: join(folder, 'ranker-features.f32') },
  });
});
