import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../run-command.ts';

// A small file system of its own needs the right to mount one (root, and a container that allows it).
const home = mkdtempSync(join(tmpdir(), 'shortlist-full-'));
const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=755', 'tmpfs', home]).status === 0;
afterAll(() => {
  if (mounted) spawnSync('umount', ['--lazy', home]);
  rmSync(home, { recursive: true, force: true });
});

test.skipIf(!mounted)(
  'a full disk (needs the right to mount a small one) ends an import with a coded error',
  async () => {
    const variables = { SHORTLIST_HOME: home };
    const data = mkdtempSync(join(tmpdir(), 'shortlist-data-'));
    const small = { user_id: 'u', item_id: 'i', type: 'view', timestamp: 1_700_000_000 };
    writeFileSync(join(data, 'events.jsonl'), `${JSON.stringify(small)}\n`);
    const args = ['import', 'jsonl', '--data', data, '--dataset', 'full'];
    expect(await runCommand(args, variables)).toMatchObject({ code: 0 });

    const lines: string[] = [];
    for (let i = 0; i < 200_000; i++) {
      lines.push(JSON.stringify({ ...small, user_id: `user-${i}-${'x'.repeat(200)}`, timestamp: 1_700_000_000 + i }));
    }
    writeFileSync(join(data, 'events.jsonl'), lines.join('\n'));
    const { code, stderr } = await runCommand(args, variables);
    expect(stderr).toMatch(/^error disk_full: No space left on the disk/m);
    expect(code).toBe(2);
    rmSync(data, { recursive: true });

    // With space again the same database serves on: what was committed is there.
    expect(spawnSync('mount', ['-o', 'remount,size=1g', home]).status).toBe(0);
    mkdirSync(join(home, 'again'));
    writeFileSync(join(home, 'again', 'events.jsonl'), `${JSON.stringify({ ...small, item_id: 'j' })}\n`);
    const again = ['import', 'jsonl', '--data', join(home, 'again'), '--dataset', 'full'];
    expect(await runCommand(again, variables)).toMatchObject({ code: 0 });
    expect(await runCommand(['database', 'stop'], variables)).toMatchObject({ code: 0 });
  },
  120_000,
);
