import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance, type Answer } from '../support/instance.js';

/** Ways into a jail that take the caller's streams: the words before the command. */
const WAYS = { exec: ['exec', 'a', '--'], run: ['run', 'path=$ROOT', '--'] } as const;

describe('what a command in a jail has as input and output', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure('a { path = "$root"; persist; }');
    await instance.start();
    expect(instance.ctl('start', 'a').code).to.equal(0);
  });
  after(() => instance.close());

  const wordsOf = (way: keyof typeof WAYS, command: string): string[] => [
    ...WAYS[way].map((word) => word.replace('$ROOT', instance.root)),
    ...['/bin/sh', '-c', command],
  ];
  const feed = (way: keyof typeof WAYS, command: string, input = ''): Answer =>
    instance.run([instance.bin('jailctl'), ...wordsOf(way, command)], input);

  /** Runs a shell on the host, in which `$exec` is the client with the words of a way in. */
  function shell(text: string): Answer {
    const exec = `${instance.bin('jailctl')} exec a -- /bin/sh -c`;
    return instance.run(['bash', '-c', `set -o pipefail; exec='${exec}'; ${text}`]);
  }

  it('is pipes of the client, and no file of the caller', () => {
    const file = join(instance.prefix, 'precious');
    for (const way of ['exec', 'run'] as const) {
      writeFileSync(file, 'precious');
      // As "<>file" of a shell: what the jail got of it, it could read back, cut off and write over.
      const fd = openSync(file, 'r+');
      const command = 'cat <&1 >&2; cat <&2; ls -l /proc/self/fd >/root/fds; : >/proc/self/fd/1; echo x >&0';
      spawnSync(instance.bin('jailctl'), ['--prefix', instance.prefix, ...wordsOf(way, command)], {
        stdio: [fd, fd, 'ignore'],
      });
      closeSync(fd);
      expect(readFileSync(file, 'utf8')).to.equal('precious');
      const fds = readFileSync(join(instance.root, 'root/fds'), 'utf8');
      expect(fds.match(/ [012] -> [\w/]+/g)).to.deep.equal([' 0 -> pipe', ' 1 -> /root/fds', ' 2 -> pipe']);
    }
  });

  for (const way of ['exec', 'run'] as const) {
    it(`carries input, its end, output, errors and the exit code (${way})`, () => {
      expect(feed(way, 'cat; echo oh >&2; exit 5', 'in\0put')).to.deep.equal({
        code: 5,
        stdout: 'in\0put',
        stderr: 'oh\n',
      });
    });

    it(`can be opened again by its names in /dev, also by another user of the jail (${way})`, () => {
      const text = 'cat </dev/stdin; echo out >/dev/stdout; echo err >/dev/stderr';
      expect(feed(way, text, 'in\n')).to.deep.equal({ code: 0, stdout: 'in\nout\n', stderr: 'err\n' });
      const other = feed(way, `su -s /bin/sh www -c 'echo out >/dev/stdout'`);
      expect(other).to.deep.equal({ code: 0, stdout: 'out\n', stderr: '' });
    });
  }

  it('is all there when the command has ended, though a process that it left goes on', () => {
    const { code, stdout } = feed('exec', 'yes | head -c 300000; sleep 1000 & echo; echo end');
    expect(code).to.equal(0);
    expect(stdout.slice(-5)).to.equal('\nend\n');
    expect(stdout).to.have.length(300_005);
  });

  it('is waited for by a reader that is slow, after the command has ended', () => {
    expect(shell(`$exec 'yes | head -c 200000' | { sleep 0.5; wc -c; }`).stdout).to.equal('200000\n');
  });

  it('tells a command by SIGPIPE that nobody reads any more', () => {
    expect(shell(`$exec yes | head -n 1; echo \${PIPESTATUS[0]}`).stdout).to.equal('y\n141\n');
  });

  it('says when the output could not be written', () => {
    const { code, stderr } = shell(`$exec 'echo hi' >/dev/full`);
    expect({ code, stderr }).to.deep.equal({ code: 1, stderr: 'error: stdout: No space left on device\n' });
  });

  it('keeps the order of output and errors where both go to one place', () => {
    const { stdout } = shell(`$exec 'for i in 1 2 3 4 5 6 7 8; do echo o$i; echo e$i >&2; done' 2>&1`);
    const lines = ['1', '2', '3', '4', '5', '6', '7', '8'].flatMap((n) => [`o${n}`, `e${n}`]);
    expect(stdout.trim().split('\n')).to.deep.equal(lines);
  });

  it('loses no byte of a long stream both ways', () => {
    const bytes = randomBytes(16 << 20);
    const { stdout } = spawnSync(
      instance.bin('jailctl'),
      ['--prefix', instance.prefix, 'exec', 'a', '--', 'cat'],
      { input: bytes, maxBuffer: 1 << 28 },
    );
    const digest = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
    expect(digest(stdout)).to.equal(digest(bytes));
  });

  it('is hung up when the client is killed, and its input ends', async () => {
    // The shell tells of the cat that was hung up, and nobody reads it any more.
    const script =
      'trap "" PIPE; trap "echo hung up >/root/hup" HUP; echo up; cat; cat; until [ -e /root/hup ]; do sleep 0.02; done; echo end >/root/ended';
    const words = ['--prefix', instance.prefix, ...wordsOf('exec', script)];
    const client = spawn(instance.bin('jailctl'), words, { stdio: ['pipe', 'pipe', 'ignore'] });
    await new Promise((resolve) => client.stdout.once('data', resolve));
    client.kill('SIGKILL');
    const ended = (): boolean => feed('exec', 'cat /root/ended').stdout === 'end\n';
    await instance.until('the command has seen the end of its input', ended);
    expect(feed('exec', 'cat /root/hup').stdout).to.equal('hung up\n');
  });

  it('does not stop a client in the background when somebody types', () => {
    // A terminal of its own, whose foreground is cat: the client may not read from it, and goes on.
    const text = `set -m; $exec 'sleep 1; echo done' & cat >/dev/null & wait %1; exit $?`;
    const line = `exec='${instance.bin('jailctl')} exec a -- /bin/sh -c'; ${text}`;
    const { stdout } = instance.run(
      ['script', '-qec', `bash -c "${line.replaceAll('"', '\\"').replaceAll('$', '\\$')}"`, '/dev/null'],
      'typed\n',
    );
    expect(stdout).to.include('done');
  });
});
