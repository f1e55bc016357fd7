import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestInstance } from '../support/instance.js';
import { makeBusyboxRoot } from '../support/root.js';
import type { Stopwatch } from './stopwatch.js';
import type { Attempt } from './statistics.js';

const namespaces = ['mount', 'uts', 'ipc', 'pid', 'network', 'cgroup'];
const cgroup = 'jaild-bench';

/** A root for those beside jaild, which have to find a way there in a user namespace: what jails have is closed to them. */
export function peerRoot({ prefix }: TestInstance): string {
  const root = join(prefix, 'peer-root');
  return existsSync(root) ? root : makeBusyboxRoot(root);
}

/** bubblewrap with every namespace it has, running `true` on the root. bwrap(1). */
export function bwrap(watch: Stopwatch, root: string): Attempt {
  const sandbox = ['--unshare-all', '--bind', root, '/', '--dev', '/dev', '--proc', '/proc'];
  return () => watch.run(['/usr/bin/bwrap', ...sandbox, '/bin/true']);
}

/** A network namespace that somebody makes before runc starts, and takes away after it. */
export interface GivenNetwork {
  readonly path: string;
  /** Words for sh(1). */
  readonly add: () => string;
  readonly delete: () => void;
}

/** runc with the mounts and namespaces that it proposes itself, a user namespace, and a cgroup. runc(8). */
export class Runc {
  /** The words that all its command lines begin with. */
  readonly words: readonly string[];
  readonly bundle: string;
  #next = 0;

  /** Writes a bundle below `directory`, for the root. */
  constructor(
    readonly watch: Stopwatch,
    directory: string,
    root: string,
    private readonly network: GivenNetwork | null = null,
    command: readonly string[] = ['/bin/sleep', '1000'],
  ) {
    this.bundle = join(directory, 'bundle');
    mkdirSync(this.bundle, { recursive: true });
    this.words = ['/usr/sbin/runc', '--root', join(directory, 'state')];
    writeFileSync(
      join(this.bundle, 'config.json'),
      JSON.stringify(configuration(root, command, network?.path)),
    );
  }

  /** Time of `runc run -d`, with that of its network where it is given one. */
  start(): Attempt {
    return async () => {
      const name = this.newName();
      const time = await this.watch.run(this.#withNetwork(this.#run(name)));
      this.delete(name);
      this.network?.delete();
      return time;
    };
  }

  /** A container that goes on, and the time of `runc exec` in it. */
  exec(): { readonly attempt: Attempt; readonly end: () => void } {
    const name = this.newName();
    const [file = '', ...words] = this.#run(name);
    const { status } = spawnSync(file, words, { stdio: 'ignore' });
    if (status !== 0) throw new Error(`runc run ended with ${status}`);
    const argv = [...this.words, 'exec', name, '/bin/true'];
    return { attempt: () => this.watch.run(argv), end: () => this.delete(name) };
  }

  /** Takes away the cgroups that it leaves. */
  close(): void {
    for (const hierarchy of readdirSync('/sys/fs/cgroup')) {
      const directory = join('/sys/fs/cgroup', hierarchy, cgroup);
      if (existsSync(directory)) rmdirSync(directory);
    }
    const directory = join('/sys/fs/cgroup', cgroup);
    if (existsSync(directory)) rmdirSync(directory);
  }

  /** One that no container has. */
  newName(): string {
    return `jaild-bench-${process.pid}-${this.#next++}`;
  }

  #run(name: string): readonly string[] {
    return [...this.words, 'run', '-d', '-b', this.bundle, name];
  }

  #withNetwork(run: readonly string[]): readonly string[] {
    return this.network === null
      ? run
      : ['/bin/sh', '-c', `${this.network.add()} && exec "$@"`, 'sh', ...run];
  }

  /** Takes away a container with all in it. */
  delete(name: string): void {
    const [file = '', ...words] = this.words;
    spawnSync(file, [...words, 'delete', '-f', name], { stdio: 'ignore' });
  }
}

function configuration(root: string, args: readonly string[], netns?: string): object {
  const map = [{ containerID: 0, hostID: 3_000_000, size: 65_536 }];
  const capabilities = ['CAP_KILL', 'CAP_NET_BIND_SERVICE', 'CAP_CHOWN', 'CAP_SETUID', 'CAP_SETGID'];
  const mount = (destination: string, type: string, options: readonly string[]): object => ({
    destination,
    type,
    source: type,
    options: ['nosuid', 'noexec', ...options],
  });
  return {
    ociVersion: '1.0.2',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args,
      env: ['PATH=/bin'],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
      noNewPrivileges: true,
    },
    root: { path: root },
    hostname: 'bench',
    mounts: [
      mount('/proc', 'proc', ['nodev']),
      mount('/dev', 'tmpfs', ['mode=755', 'size=64k']),
      mount('/dev/pts', 'devpts', ['newinstance', 'ptmxmode=0666', 'mode=0620']),
      mount('/dev/shm', 'tmpfs', ['nodev', 'mode=1777', 'size=64m']),
      mount('/dev/mqueue', 'mqueue', ['nodev']),
    ],
    linux: {
      cgroupsPath: `/${cgroup}/jail`,
      namespaces: [...namespaces, 'user'].map((type) => ({
        type,
        ...(type === 'network' && netns !== undefined ? { path: netns } : {}),
      })),
      uidMappings: map,
      gidMappings: map,
      maskedPaths: ['/proc/kcore', '/proc/keys', '/proc/timer_list', '/proc/scsi', '/sys/firmware'],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}
