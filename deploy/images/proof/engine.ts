import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './shell.ts';

/** What an image says of how it is started. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Cmd: readonly string[] | null;
  readonly WorkingDir: string;
  readonly StopSignal: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly ExposedPorts: Readonly<Record<string, object>> | null;
}

/** As Debian's image has it. */
const SEARCHED = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** buildah with a storage of its own; steps run in a chroot, so it needs root and no daemon. */
export class Engine {
  readonly #storage: readonly string[];

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')];
  }

  #buildah(...args: string[]): string {
    return run('buildah', [...this.#storage, ...args]).trim();
  }

  has(image: string): boolean {
    return this.#buildah('images', '--filter', `reference=${image}`, '--quiet') !== '';
  }

  /** A new image from the tree that `fill` makes, on top of `from` (`scratch`: of nothing). */
  make(image: string, from: string, fill: (root: string) => void): void {
    const container = this.#buildah('from', '--pull-never', from);
    try {
      fill(this.#buildah('mount', container));
      this.#buildah('umount', container);
      this.#buildah('config', '--env', `PATH=${SEARCHED}`, '--cmd', '["bash"]', container);
      this.#buildah('commit', '--quiet', container, image);
    } finally {
      this.#buildah('rm', container);
    }
  }

  build(image: string, file: string, context: string, options: { target?: string; volumes?: readonly string[] }): void {
    const { target, volumes = [] } = options;
    this.#buildah(
      'build',
      ...['--isolation', 'chroot', '--pull-never', '--quiet', '--file', file, '--tag', image],
      ...(target === undefined ? [] : ['--target', target]),
      ...volumes.flatMap((volume) => ['--volume', volume]),
      context,
    );
  }

  config(image: string): ImageConfig {
    const { OCIv1 } = JSON.parse(this.#buildah('inspect', '--type', 'image', image)) as {
      OCIv1: { config: ImageConfig };
    };
    return OCIv1.config;
  }

  /** The tree of an image while `use` runs. */
  async mounted<T>(image: string, use: (root: string) => Promise<T>): Promise<T> {
    const container = this.#buildah('from', '--pull-never', image);
    try {
      return await use(this.#buildah('mount', container));
    } finally {
      this.#buildah('umount', container);
      this.#buildah('rm', container);
    }
  }
}
