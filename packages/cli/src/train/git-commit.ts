import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The commit of the checkout, with `+` when the working tree differs from it; `unknown` outside of git. */
export async function gitCommit(repository: string): Promise<string> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args, { cwd: repository })).stdout.trim();
  try {
    const commit = await git('rev-parse', 'HEAD');
    return `${commit}${(await git('status', '--porcelain', '--untracked-files=no')) === '' ? '' : '+'}`;
  } catch {
    return 'unknown';
  }
}
