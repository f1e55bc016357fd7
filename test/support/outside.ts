import { spawn, spawnSync } from 'node:child_process';
import type { Answer, TestInstance } from './instance.js';

/** A machine beside the host of a test instance: a network namespace at the other end of a cable. */
export interface Outside {
  /** Runs a command there and waits for it. */
  run(...argv: readonly string[]): Answer;
  /** The words for nsenter(1) that a command is run by there. */
  words(argv: readonly string[]): readonly string[];
  end(): void;
}

/** What it is connected with. */
export interface Cable {
  /** The host's interface. */
  readonly link: string;
  /** ADDRESS/PREFIX of the host there, of both families. */
  readonly host: readonly string[];
  readonly outside: readonly string[];
  /** Networks that the machine outside reaches by way of the host's first address of the family. */
  readonly routes?: readonly string[];
}

/** Connects a machine to the host of an instance that runs already. */
export function connectOutside(instance: TestInstance, cable: Cable): Outside {
  const holder = spawn('unshare', ['-n', 'sleep', '100000'], { stdio: 'ignore' });
  const pid = String(holder.pid);
  const own = spawnSync('readlink', ['/proc/self/ns/net']).stdout.toString();
  while (spawnSync('readlink', [`/proc/${pid}/ns/net`]).stdout.toString() === own);
  const inside = (argv: readonly string[]): readonly string[] => ['-t', pid, '-n', '--', ...argv];
  const run = (...argv: readonly string[]): Answer => instance.run(['nsenter', ...inside(argv)]);
  const must = ({ code, stderr }: Answer): void => {
    if (code !== 0) throw new Error(stderr);
  };
  const { link } = cable;
  must(instance.onHost('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pid));
  for (const address of cable.host)
    must(instance.onHost('ip', 'addr', 'add', address, 'dev', link, ...nodad(address)));
  must(instance.onHost('ip', 'link', 'set', link, 'up'));
  must(run('ip', 'link', 'set', 'lo', 'up'));
  for (const address of cable.outside)
    must(run('ip', 'addr', 'add', address, 'dev', 'eth0', ...nodad(address)));
  must(run('ip', 'link', 'set', 'eth0', 'up'));
  for (const route of cable.routes ?? []) {
    const via = cable.host.find((address) => address.includes(':') === route.includes(':'));
    must(run('ip', 'route', 'add', route, 'via', via?.split('/')[0] ?? ''));
  }
  return {
    run,
    words: inside,
    end: () => {
      holder.kill('SIGKILL');
      instance.onHost('ip', 'link', 'del', link);
    },
  };
}

const nodad = (address: string): readonly string[] => (address.includes(':') ? ['nodad'] : []);
