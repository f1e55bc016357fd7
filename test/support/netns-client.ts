import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { JailerHandle } from '../../src/host/host.js';

const MODULE = fileURLToPath(new URL('netns-guest.js', import.meta.url));

/** A process that stands for a jail in matters of the network; itself jailer and init. */
export interface Guest extends JailerHandle {
  /** What the server at `address` says the guest's address is, or the error's code, or `timeout`. */
  ask(address: string): Promise<string>;
  end(): Promise<void>;
}

/** Starts a guest with nothing but a loopback that is down. */
export async function startGuest(): Promise<Guest> {
  const child = fork(MODULE, [], { execPath: 'unshare', execArgv: ['-n', process.execPath] });
  const [{ netlinkFd }] = (await once(child, 'message')) as [{ netlinkFd: number }]; // netns-guest.ts sends it
  const no = (): never => {
    throw new Error('a guest is only a network namespace');
  };
  return {
    launch: '',
    pid: child.pid ?? 0,
    initPid: child.pid ?? 0,
    netlinkFd,
    phase: 'created',
    go: no,
    signal: no,
    kill: no,
    exec: no,
    check: no,
    replaceLog: no,
    boundLog: no,
    listen: no,
    ask: (address) => ask(child, address),
    end: async () => {
      const exit = once(child, 'exit');
      child.disconnect();
      await exit;
    },
  };
}

async function ask(child: ChildProcess, address: string): Promise<string> {
  const answer = once(child, 'message');
  child.send({ address });
  const [{ text }] = (await answer) as [{ text: string }]; // netns-guest.ts sends it
  return text;
}

/** The same question asked from this process's network namespace. */
export function askFromHere(address: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    connect({ host: address, port: 7 })
      .setTimeout(3000, () => resolve('timeout'))
      .on('data', (chunk) => (text += String(chunk)))
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      .on('end', () => resolve(text));
  });
}
