import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const NGINX = ['/usr/sbin/nginx', '/usr/bin/nginx', '/usr/local/sbin/nginx'].find(existsSync);
const CONFIG = resolve(import.meta.dirname, '../../../../deploy/nginx/nginx.conf');

/** Why there is no nginx, for the name of a suite that is skipped; null when there is one. */
export const NO_NGINX = NGINX === undefined ? 'no nginx: apt-get install nginx-light' : null;

export interface Nginx {
  readonly url: string;
  readonly port: number;
  log(): Promise<string>;
  stop(): Promise<void>;
}

/** The shipped configuration in front of pods on these ports of the loopback; only ports and places of files differ. */
export async function startNginx(podPorts: readonly number[]): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'nginx-'));
  const port = await freePort();
  const pods = podPorts.map((pod) => `server 127.0.0.1:${pod} max_fails=3 fail_timeout=1s;`);
  await writeFile(join(folder, 'pods.conf'), `${pods.join('\n')}\n`);
  const shipped = await readFile(CONFIG, 'utf8');
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const config = `daemon off; pid ${folder}/nginx.pid;\n${shipped}`
    .replace('worker_processes auto;', 'worker_processes 1;')
    .replace('worker_rlimit_nofile 65536;', 'worker_rlimit_nofile 4096;')
    .replace('worker_connections 16384;', 'worker_connections 2048;')
    .replace('access_log /dev/stdout', `access_log ${folder}/access.log`)
    .replace('flush=1s', 'flush=100ms')
    .replace('listen 8000 reuseport', `listen 127.0.0.1:${port} reuseport`)
    .replace('http {', `http {\n${places.join('\n')}`);
  const file = join(folder, 'nginx.conf');
  await writeFile(file, config);
  const check = spawnSync(NGINX!, ['-t', '-p', folder, '-c', file], { encoding: 'utf8' });
  if (check.status !== 0) throw new Error(check.stderr);
  const child = spawn(NGINX!, ['-p', folder, '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries++) {
    const isUp = await fetch(`${url}/nginx-health`).then(
      (response) => response.ok,
      () => false,
    );
    if (isUp) break;
    if (child.exitCode !== null || tries > 500) throw new Error(`nginx did not start: ${said}`);
    await sleep(20);
  }
  return {
    url,
    port,
    log: async () => `${await readFile(join(folder, 'access.log'), 'utf8')}${said}`,
    async stop() {
      child.kill('SIGQUIT');
      const hung = setTimeout(() => child.kill('SIGKILL'), 10_000);
      if (child.exitCode === null) await once(child, 'exit');
      clearTimeout(hung);
      await rm(folder, { recursive: true });
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => found(port));
    });
  });
}
