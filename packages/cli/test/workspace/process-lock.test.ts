import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Holders, withLock } from '../../src/workspace/process-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shortlist-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The number of a process that has ended. */
const deadPid = () => spawnSync('true').pid;

test('one at a time, and the lock is gone afterwards, also after a failure', async () => {
  const file = join(folder, 'lock');
  let inside = 0;
  let most = 0;
  const work = async () => {
    most = Math.max(most, ++inside);
    await sleep(5);
    inside -= 1;
  };
  await Promise.all(Array.from({ length: 5 }, () => withLock(file, work)));
  expect(most).toBe(1);
  await expect(withLock(file, () => Promise.reject(new Error('inside')))).rejects.toThrow('inside');
  expect(readdirSync(folder)).toEqual([]);
});

test('a lock that a dead process left is taken over', async () => {
  const file = join(folder, 'lock');
  writeFileSync(file, `${deadPid()} 1`);
  expect(await withLock(file, () => Promise.resolve('mine'))).toBe('mine');
});

test('a lock under a number that another process has by now is taken over', async () => {
  const file = join(folder, 'lock');
  writeFileSync(file, `${process.pid} 1`);
  expect(await withLock(file, () => Promise.resolve('mine'))).toBe('mine');
});

test('the last living holder is told so; dead ones do not count', () => {
  const holders = new Holders(join(folder, 'holders'));
  holders.add();
  holders.add();
  writeFileSync(join(folder, 'holders', '12345678'), `${deadPid()} 1`);
  expect(holders.living()).toEqual([`${process.pid}`]);
  expect(holders.remove()).toBe(false);
  expect(holders.remove()).toBe(true);
  expect(existsSync(join(folder, 'holders', '12345678'))).toBe(false);
});

test('a pin outlives its holder', () => {
  const holders = new Holders(join(folder, 'holders'));
  holders.add();
  holders.pin();
  expect(holders.remove()).toBe(false);
  holders.unpin();
  expect(holders.living()).toEqual([]);
});
