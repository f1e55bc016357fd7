import { expect } from 'chai';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { TestInstance } from '../../support/instance.js';

const PATTERN = '/proc/sys/kernel/core_pattern';

// Not for the host on which tests run: whoever writes there changes what becomes of every core file.
describe('core files of a jail, on a host whose kernel hands them to a program,', () => {
  const instance = new TestInstance();
  const dump = `${instance.prefix}/dump`;
  const usual = readFileSync(PATTERN, 'utf8');

  before(async () => {
    const program = instance.write('handler', `#!/bin/sh\ncat >/dev/null\necho "$1" >>${dump}\n`);
    instance.run(['chmod', '755', program]);
    writeFileSync(PATTERN, `|${program} %e`);
    instance.configure(`
      * { path = "$root"; restart = no; command = "/bin/sleep 1000"; }
      box { }
      none { rlimit.core = 0; }
      open { rlimit.core = 0:unlimited; }
      free { seccomp = off; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'box', 'none', 'open', 'free');
    if (code !== 0) throw new Error(stderr);
  });

  after(async () => {
    writeFileSync(PATTERN, usual);
    await instance.close();
  });

  afterEach(() => rmSync(dump, { force: true }));

  const crashIn = (jail: string, before = ''): string => {
    const { code, stdout } = instance.ctl('exec', jail, '--', 'sh', '-c', `${before}kill -SEGV $$`);
    expect(code).to.equal(139);
    return stdout.trim();
  };
  const dumped = (): Promise<void> => instance.until('a core file is handed over', () => existsSync(dump));

  it('stay where they are with the limit that it is given', async () => {
    expect(instance.ctl('exec', 'box', '--', 'grep', 'core', '/proc/self/limits').stdout).to.match(/ 1 +1 /);
    crashIn('box');
    crashIn('none');
    crashIn('open');
    await dumped();
    expect(readFileSync(dump, 'utf8')).to.equal('sh\n');
  });

  it('stay there with a lower limit that a process gives itself', async () => {
    const limits = crashIn('box', 'ulimit -c 0 && ulimit -H -c 0 && grep core /proc/$$/limits; ');
    crashIn('free', 'ulimit -c 0; ');
    await dumped();
    expect(limits).to.match(/ 1 +1 /);
    expect(readFileSync(dump, 'utf8')).to.equal('sh\n');
  });

  it('are told of by an audit where they do not', () => {
    expect(instance.ctl('audit', 'open').stdout).to.match(/by rlimit\.core \(medium\)/);
    expect(instance.ctl('audit', 'box').stdout).not.to.match(/rlimit\.core/);
  });
});
