import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'chai';
import { SystemError } from '../../src/host/error.js';
import type { Ended } from '../../src/host/host.js';
import { flockExclusive } from '../../src/host/libc/descriptors.js';
import { bindMount, detachMount, getxattr, memfd, memfdSealed } from '../../src/host/libc/files.js';
import { pidfdGetfd, pidfdOpen, pidfdSendSignal } from '../../src/host/libc/pidfd.js';
import { posixSpawn, waitpid } from '../../src/host/libc/processes.js';
import { connectUnix, listenUnix, notifySocket, peerCredentials } from '../../src/host/libc/sockets.js';

const { errno } = constants;

async function ended(pid: number): Promise<Ended> {
  for (;;) {
    const how = waitpid(pid);
    if (how !== null) return how;
    await wait(2);
  }
}

function failure(attempt: () => unknown): Pick<SystemError, 'call' | 'errno' | 'subject'> | null {
  try {
    attempt();
    return null;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return { call: error.call, errno: error.errno, subject: error.subject };
  }
}

/** What a shell script says on its descriptor 1 when it is started with posixSpawn. */
async function said(
  script: string,
  environment = {},
  extra: [number, number][] = [],
): Promise<[string, Ended]> {
  const out = memfd('out', Buffer.alloc(0));
  const how = await ended(posixSpawn('/bin/sh', ['sh', '-c', script], environment, [[out, 1], ...extra]));
  const text = readFileSync(`/proc/self/fd/${out}`, 'utf8');
  closeSync(out);
  return [text, how];
}

/** Descriptors of this process above 2 that are not close-on-exec. */
function inheritable(): number[] {
  const open = readdirSync('/proc/self/fd').filter((fd) => existsSync(`/proc/self/fdinfo/${fd}`));
  const flags = (fd: string) =>
    parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8);
  return open.filter((fd) => Number(fd) > 2 && (flags(fd) & 0o2000000) === 0).map(Number);
}

describe('libc', () => {
  let directory: string;
  let descriptors: string[];
  before(() => {
    directory = mkdtempSync('/tmp/libc-test-');
    descriptors = readdirSync('/proc/self/fd');
  });
  after(async () => {
    rmSync(directory, { recursive: true });
    const open = (): readonly string[] => readdirSync('/proc/self/fd');
    // What was closed last goes with a later turn of the event loop.
    for (let tries = 0; tries < 2000 && open().join() !== descriptors.join(); tries++) await wait(5);
    expect(open()).to.deep.equal(descriptors);
  });

  describe('posixSpawn', () => {
    it('gives the program its arguments and exactly its environment, and tells how it ended', async () => {
      expect(await said('echo "$0 $A $(env | wc -l)"; exit 7', { A: 'b c', PWD: '/' })).to.deep.equal([
        'sh b c 2\n',
        { how: 'exit', code: 7 },
      ]);
    });

    it('tells the signal that ended a program', async () => {
      expect(await ended(posixSpawn('/bin/sh', ['sh', '-c', 'kill -9 $$'], {}, []))).to.deep.equal({
        how: 'signal',
        code: 9,
      });
    });

    it('names the program that is not there, and leaves no child', () => {
      const none = { call: 'posix_spawn', errno: errno.ENOENT, subject: '/no/such' };
      expect(failure(() => posixSpawn('/no/such', ['x'], {}, []))).to.deep.equal(none);
    });

    it('starts a session of its own without blocked or ignored signals', async () => {
      const [text] = await said(
        'read -r pid _ _ _ _ sid _ </proc/self/stat; echo $((pid == sid)); grep -E "Sig(Blk|Ign)" /proc/self/status',
      );
      expect(text).to.equal('1\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n');
    });

    it('hands over descriptors, also one to its own number and two that change places', async () => {
      const [a, b, c] = [
        memfd('a', Buffer.from('A')),
        memfd('b', Buffer.from('B')),
        memfd('c', Buffer.from('C')),
      ];
      const [text] = await said(
        `cat /proc/self/fd/${a} /proc/self/fd/${b} /proc/self/fd/${c}; ls /proc/self/fd`,
        {},
        [
          [a, b],
          [b, a],
          [c, c],
        ],
      );
      expect(text.split('\n')[0]?.slice(0, 3)).to.equal('BAC');
      [a, b, c].forEach(closeSync);
    });

    it('hands over no other descriptor, not even 0, 1 and 2', async () => {
      const [file, out] = [openSync('/dev/null', 'r'), memfd('out', Buffer.alloc(0))];
      await ended(posixSpawn('/bin/ls', ['ls', '/proc/self/fd'], {}, [[file, 0], [out, 1]])); // prettier-ignore
      const seen = readFileSync(`/proc/self/fd/${out}`, 'utf8').trim().split('\n').map(Number);
      // 2 is what ls opens; beyond are only those that this process was itself born with and Node does not know.
      expect(seen.sort((a, b) => a - b)).to.deep.equal([0, 1, 2, ...inheritable()]);
      [file, out].forEach(closeSync);
    });

    it('leaves the children that Node started to Node', async () => {
      const child = spawn('/bin/sh', ['-c', 'sleep 0.05; exit 3'], { stdio: 'ignore' });
      const [, how] = await said('exit 4');
      expect([how.code, (await once(child, 'exit'))[0]]).to.deep.equal([4, 3]);
    });
  });

  it('says ECHILD for a process that is no child', () => {
    expect(failure(() => waitpid(1))).to.deep.equal({ call: 'waitpid', errno: errno.ECHILD, subject: '1' });
  });

  it('runs a sealed program from memory, which nobody can change', async () => {
    const fd = memfdSealed('shell', readFileSync('/bin/sh'));
    const out = memfd('out', Buffer.alloc(0));
    const how = await ended(posixSpawn(`/proc/self/fd/${fd}`, ['sh', '-c', 'echo run'], {}, [[out, 1]]));
    expect([how, readFileSync(`/proc/self/fd/${out}`, 'utf8')]).to.deep.equal([
      { how: 'exit', code: 0 },
      'run\n',
    ]);
    expect(() => writeSync(fd, 'x', 0)).to.throw('EPERM');
    [fd, out].forEach(closeSync);
  });

  it('leaves the offset of a file in memory at its beginning', () => {
    const fd = memfd('plan', Buffer.from('version\0'));
    const bytes = Buffer.alloc(20);
    expect(bytes.toString('utf8', 0, readSync(fd, bytes))).to.equal('version\0');
    closeSync(fd);
  });

  it('takes a descriptor of another process, and signals exactly that process', async () => {
    const path = join(directory, 'held');
    writeFileSync(path, 'held');
    const file = openSync(path, 'r');
    const pid = posixSpawn('/bin/sleep', ['sleep', '60'], {}, [[file, 9]]);
    closeSync(file);
    const pidfd = pidfdOpen(pid);
    const copy = pidfdGetfd(pidfd, 9);
    expect(readFileSync(copy, 'utf8')).to.equal('held');
    expect(failure(() => pidfdGetfd(pidfd, 10))?.errno).to.equal(errno.EBADF);
    pidfdSendSignal(pidfd, 15);
    expect(await ended(pid)).to.deep.equal({ how: 'signal', code: 15 });
    expect(failure(() => pidfdSendSignal(pidfd, 15))?.errno).to.equal(errno.ESRCH);
    [copy, pidfd].forEach(closeSync);
  });

  it('shows a file at a second place until that is taken away', () => {
    const [source, target] = [join(directory, 'source'), join(directory, 'target')];
    writeFileSync(source, 'seen');
    writeFileSync(target, '');
    bindMount(source, target);
    expect(readFileSync(target, 'utf8')).to.equal('seen');
    detachMount(target);
    expect(readFileSync(target, 'utf8')).to.equal('');
    const none = { call: 'umount2', errno: errno.EINVAL, subject: target };
    expect(failure(() => detachMount(target))).to.deep.equal(none);
  });

  it('gives a lock to one open file at a time', () => {
    const path = join(directory, 'lock');
    const [first, second] = [openSync(path, 'w'), openSync(path, 'w')];
    expect([flockExclusive(first), flockExclusive(second)]).to.deep.equal([true, false]);
    closeSync(first);
    expect(flockExclusive(second)).to.equal(true);
    closeSync(second);
  });

  it('reads an extended attribute, and null where there is none', () => {
    expect(getxattr('/', 'trusted.overlay.nothing')).to.equal(null);
    expect(failure(() => getxattr('/no/such', 'user.x'))?.errno).to.equal(errno.ENOENT);
  });

  for (const [title, name] of [
    ['', 'short'],
    [' whose path is longer than an address', 'd'.repeat(120)],
  ] as const) {
    it(`listens and connects at a socket${title}, and knows who is at the other end`, async () => {
      mkdirSync(join(directory, name));
      const path = join(directory, name, 'jailer.sock');
      const server = createServer((peer) => peer.end('hello')).listen({ fd: listenUnix(path, 4) });
      const fd = connectUnix(path);
      expect(peerCredentials(fd)).to.deep.equal({ pid: process.pid, uid: 0, gid: process.getgid?.() });
      const socket = new Socket({ fd });
      expect(String((await once(socket, 'data'))[0])).to.equal('hello');
      expect(statSync(path).mode & 0o777).to.equal(0o600);
      await once(socket, 'close');
      server.close();
      await once(server, 'close');
    });
  }

  it('names the socket that nobody listens at', () => {
    const path = join(directory, 'none.sock');
    expect(failure(() => connectUnix(path))).to.deep.equal({
      call: 'connect',
      errno: errno.ENOENT,
      subject: path,
    });
  });

  for (const name of ['/notify', '@libc-test-notify']) {
    it(`sends a datagram to ${name}`, async () => {
      const path = name.startsWith('@') ? `${name}-${process.pid}` : directory + name;
      const script = `import os,socket,sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1].replace("@", "\\0")); os.write(1, b"ready")
os.write(1, s.recv(100))`;
      const python = spawn('python3', ['-c', script, path], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(python.stdout, 'data');
      notifySocket(path, 'READY=1');
      expect(String((await once(python.stdout, 'data'))[0])).to.equal('READY=1');
      await once(python, 'close');
    });
  }

  it('does not wait for one who reads no datagrams', async () => {
    const path = `${directory}/deaf`;
    const script = `import os,socket,sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.bind(sys.argv[1]); os.write(1, b"ready"); sys.stdin.read()`;
    const python = spawn('python3', ['-c', script, path], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(python.stdout, 'data');
    const many = () => {
      for (let sent = 0; sent < 100_000; sent++) notifySocket(path, 'WATCHDOG=1');
    };
    expect(many).to.throw(SystemError).that.includes({ errno: errno.EAGAIN, subject: path });
    python.stdin.end();
    await once(python, 'close');
  });

  it('leaves nothing mounted', () => {
    expect(existsSync(directory)).to.equal(true);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.to.include(directory);
  });
});
