import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

describe('the log of a jail', () => {
  const instance = new TestInstance();
  const directory = join(instance.prefix, 'var/log/jaild');
  /** The lines of all files of a log, the oldest first; none while a rotation is under way. */
  const texts = (name: string): string[] => {
    try {
      return readdirSync(directory)
        .filter((file) => file.startsWith(`${name}.log`))
        .sort((a, b) => Number(b.split('.log.')[1] ?? 0) - Number(a.split('.log.')[1] ?? 0))
        .flatMap((file) => readFileSync(join(directory, file), 'utf8').split('\n').slice(0, -1));
    } catch (error) {
      // A file may get another name between being listed and being read.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  };

  before(async () => {
    const count = (to: number, pause: string): string =>
      `/bin/sh -c 'i=0; while [ \\$i -lt ${to} ]; do echo line \\$i; i=\\$((i+1)); ${pause} done; sleep 1000'`;
    instance.configure(`
      * { path = "$root"; }
      two { command = "/bin/sh -c 'echo to out; echo to err >&2; printf unfinished'"; restart = no; }
      many { command = "${count(20000, '')}"; log.max_size = 128K; log.max_files = 20; log.compress = false; }
      fast { command = "${count(20000, '')}"; log.max_size = 128K; log.max_files = 20; }
      slow { command = "${count(150, 'sleep 0.01;')}"; }
    `);
    await instance.start();
  });

  after(() => instance.close());

  it('has a time and the stream before each line, and marks one that did not end', async () => {
    instance.ctl('start', 'two');
    await instance.until('it has ended', () => instance.status('two').state === 'ended');
    const stamp = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z';
    const text = instance.logOf('two').split('\n').sort().join('\n');
    expect(text)
      .to.match(new RegExp(`^${stamp} stdout to out$`, 'm'))
      .and.to.match(new RegExp(`^${stamp} stderr to err$`, 'm'));
    expect(text).to.match(new RegExp(`^${stamp} stdout\\+ unfinished$`, 'm'));
  });

  it('is rotated by size while it is written, with nothing lost or doubled', async () => {
    instance.ctl('start', 'many');
    await instance.until('all is written', () => texts('many').at(-1)?.endsWith('line 19999') ?? false);
    expect(readdirSync(directory).filter((file) => file.startsWith('many.log')).length).to.be.greaterThan(3);
    expect(texts('many').map((line) => line.split(' ').slice(2).join(' '))).to.deep.equal(
      Array.from({ length: 20000 }, (_, i) => `line ${i}`),
    );
    instance.ctl('stop', 'many');
  });

  it('loses nothing while jaild is killed and started again', async () => {
    instance.ctl('start', 'slow');
    await instance.until('it writes', () => texts('slow').length > 20);
    await instance.killDaemon();
    await instance.start();
    await instance.until('all is written', () => texts('slow').length >= 150);
    expect(texts('slow').map((line) => line.split(' ').slice(2).join(' '))).to.deep.equal(
      Array.from({ length: 150 }, (_, i) => `line ${i}`),
    );
  });

  it('is shown by jailctl logs, the last lines of it by -n', () => {
    const { code, stdout } = instance.ctl('logs', '-n', '2', 'slow');
    expect(code).to.equal(0);
    expect(stdout.split('\n').map((line) => line.replace(/^\S+ \S+ /, ''))).to.deep.equal([
      'line 148',
      'line 149',
      '',
    ]);
  });

  it('is followed by jailctl logs -f over rotations, with others, by a client beside one that does not read', async () => {
    const stuck = spawn(instance.bin('jailctl'), ['logs', '-f', '-a'], {
      env: { ...process.env, JAILD_PREFIX: instance.prefix },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const reader = spawn(instance.bin('jailctl'), ['logs', '-f', 'fast', 'two'], {
      env: { ...process.env, JAILD_PREFIX: instance.prefix },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    reader.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
    instance.ctl('start', 'fast');
    await instance.until('all is said', () => said.includes('line 19999\n'));
    for (const client of [stuck, reader]) client.kill('SIGKILL');
    expect(readdirSync(directory).filter((file) => file.startsWith('fast.log')).length).to.be.greaterThan(3);
    const lines = said.split('\n').filter((line) => line.startsWith('fast | '));
    expect(lines.map((line) => line.replace(/^fast \| \S+ stdout /, ''))).to.deep.equal(
      Array.from({ length: 20000 }, (_, i) => `line ${i}`),
    );
    instance.ctl('stop', 'fast');
    expect(instance.ctl('logs', '-n', '1', 'fast').stdout).to.match(/ stdout line 19999\n$/);
  });
});
