import { expect } from 'chai';
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { TestInstance } from '../support/instance.js';

const COUNT = 20_000;
const SIZE = 64 * 1024;
const FILES = 40;

/** Datagrams that come to a socket, a line for each. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(repr(s.recv(65536)), flush=True)
`;

describe('the files of a log', () => {
  const instance = new TestInstance();
  const directory = join(instance.prefix, 'var/log/jaild');
  const filesOf = (name: string): readonly string[] =>
    readdirSync(directory).filter((file) => file.startsWith(`${name}.log`));
  /** What the jail has said by all files, the oldest first. */
  const said = (name: string): readonly string[] => {
    const number = (file: string): number => Number(/\.log\.(\d+)/.exec(file)?.[1] ?? 0);
    const text = (file: string): string => {
      const bytes = readFileSync(join(directory, file));
      return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
    };
    return [...filesOf(name)]
      .sort((a, b) => number(b) - number(a))
      .flatMap((file) => text(file).split('\n').slice(0, -1))
      .map((line) => line.slice(28));
  };

  before(async () => {
    const count = `i=0; while [ \\$i -lt ${COUNT} ]; do echo line \\$i; i=\\$((i+1)); done; sleep 1000`;
    const sockets = `journald = ${instance.prefix}/journald\nsyslog = ${instance.prefix}/nobody\n`;
    instance.write('etc/jaild.ini', `[targets]\n${sockets}`);
    instance.configure(`
      * { path = "$root"; restart = no; command = "/bin/sh -c 'seq 1 20000; printf unfinished'"; }
      many { command = "/bin/sh -c '${count}'"; log.max_size = ${SIZE}; log.max_files = ${FILES}; }
      limited { command = "/bin/sh -c 'seq 1 5000; sleep 10; echo again; sleep 1000'"; log.rate = 100/10s; }
      sent { command = "/bin/sh -c 'echo to out; echo to err >&2; sleep 1000'"; log.target = journald, syslog; }
      ${Array.from({ length: 20 }, (_, i) => `brief${i}`).join(' { } ')} { }
      loud { command = "/bin/sh -c 'while sleep 0.05; do echo tick; done'"; }
      planted { command = "/bin/sh -c 'while sleep 0.1; do echo tick; done'"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('lose and double no line when jaild is killed while they are rotated and compressed', async () => {
    instance.ctl('start', 'many');
    for (let i = 0; i < 3; i++) {
      await instance.until('some are put aside', () => filesOf('many').length > 2 + 3 * i);
      await instance.killDaemon();
      await instance.start();
    }
    const isDone = (): boolean =>
      readFileSync(join(directory, 'many.log'), 'utf8').endsWith(` line ${COUNT - 1}\n`);
    await instance.until('all is written', isDone);
    const isCompressed = (file: string): boolean => file === 'many.log' || file.endsWith('.gz');
    await instance.until('all is compressed', () => filesOf('many').every(isCompressed));
    expect(said('many')).to.deep.equal(Array.from({ length: COUNT }, (_, i) => `stdout line ${i}`));
    expect(filesOf('many').length).to.be.greaterThan(10);
    expect(readdirSync(directory).filter((file) => file.startsWith('.'))).to.deep.equal([]);
    const { mode } = statSync(join(directory, 'many.log.1.gz'));
    expect(mode & 0o777).to.equal(0o640);
    instance.ctl('stop', 'many');
    instance.ctl('start', 'limited');
  });

  it('are kept as long, and filled as fast, as a change of the running jail says', async () => {
    instance.ctl('start', 'loud');
    const { pid } = instance.status('loud');
    const isLost = (): boolean => /^ +lost +\d+ lines/m.test(instance.ctl('status', 'loud').stdout);
    expect(instance.ctl('set', 'loud', 'log.rate=1/1s').code).to.equal(0);
    await instance.until('lines are left out', isLost);
    expect(instance.ctl('set', 'loud', 'log.rate=0', 'log.max_size=100', 'log.max_files=2').code).to.equal(0);
    await instance.until('files are put aside', () => filesOf('loud').length === 2);
    expect([instance.status('loud').pid, said('loud').at(-1)]).to.deep.equal([pid, 'stdout tick']);
    instance.ctl('stop', 'loud');
  });

  it('have all that was printed by jails that end at once', async () => {
    const names = Array.from({ length: 20 }, (_, i) => `brief${i}`);
    instance.ctl('start', ...names);
    await instance.until('all have ended', () =>
      names.every((name) => instance.status(name).state === 'ended'),
    );
    const all = [...Array.from({ length: 20_000 }, (_, i) => `stdout ${i + 1}`), 'stdout+ unfinished'];
    for (const name of names) expect(said(name)).to.deep.equal(all);
  });

  it('may be none, with messages to sockets in their place', async () => {
    const child = spawn('python3', ['-c', LISTENER, join(instance.prefix, 'journald')]);
    let heard = '';
    child.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    try {
      await instance.until('somebody listens', () => readdirSync(instance.prefix).includes('journald'));
      instance.ctl('start', 'sent');
      await instance.until('both lines are there', () => heard.split('\n').length > 2);
      expect(heard.split('\n').slice(0, 2).sort()).to.deep.equal([
        `b'PRIORITY=3\\nSYSLOG_FACILITY=3\\nJAIL_STREAM=stderr\\nMESSAGE=to err\\nSYSLOG_IDENTIFIER=sent\\nJAIL=sent\\n'`,
        `b'PRIORITY=6\\nSYSLOG_FACILITY=3\\nJAIL_STREAM=stdout\\nMESSAGE=to out\\nSYSLOG_IDENTIFIER=sent\\nJAIL=sent\\n'`,
      ]);
      expect(filesOf('sent')).to.deep.equal([]);
      instance.ctl('stop', 'sent');
      await instance.until('the other is told of', () => instance.log.includes('syslog did not take them'));
      expect(instance.log).to.include('2 lines of output (14 bytes) were lost: syslog did not take them');
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('are made anew when they are removed, and no link is followed that is planted there', async () => {
    const path = join(directory, 'planted.log');
    const target = join(instance.prefix, 'target');
    const shell = (words: string): unknown => spawnSync('sh', ['-c', words]);
    instance.ctl('start', 'planted');
    const ticks = (): boolean => said('planted').includes('stdout tick');
    await instance.until('it writes', ticks);
    shell(`rm ${path}`);
    await instance.until('it is there again', () => filesOf('planted').length === 1 && ticks());
    // At once, as it is made anew whenever it is gone.
    shell(`ln -s ${target} ${path}.new && mv -T ${path}.new ${path}`);
    await instance.until('the link is refused', () => /planted.*symbolic link/i.test(instance.log));
    expect(readdirSync(instance.prefix)).to.not.include('target');
    shell(`rm ${path}`);
    await instance.until('what was lost is said', () =>
      said('planted').some((line) => line.includes('lost: ')),
    );
    expect(said('planted')[0]).to.match(
      /^jailer \d+ lines \(\d+ bytes\) lost: the log could not be written$/,
    );
    instance.ctl('stop', 'planted');
  });

  it('say how much a rate left out, and so do jaild and status', async () => {
    await instance.until('it is said', () => said('limited').some((line) => line.startsWith('jailer')));
    await instance.until('it goes on', () => said('limited').at(-1) === 'stdout again');
    const bytes = Array.from({ length: 4900 }, (_, i) => `${i + 101}\n`.length).reduce((a, b) => a + b);
    const kept = Array.from({ length: 100 }, (_, i) => `stdout ${i + 1}`);
    expect(said('limited')).to.deep.equal([
      ...kept,
      `jailer 4900 lines (${bytes} bytes) left out: log.rate`,
      'stdout again',
    ]);
    expect(instance.log).to.include(`4900 lines of output (${bytes} bytes) were left out: log.rate`);
    const status = JSON.parse(instance.ctl('status', '--json', 'limited').stdout) as {
      jails: readonly { lost_output: unknown }[];
    };
    expect(status.jails[0]?.lost_output).to.deep.equal({ lines: 4900, bytes });
    expect(instance.ctl('status', 'limited').stdout).to.match(/^ +lost +4900 lines of output/m);
    instance.ctl('stop', 'limited');
  });
});
