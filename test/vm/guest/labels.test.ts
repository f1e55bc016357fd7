import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { TestInstance } from '../../support/instance.js';

/** What fetch-kernel.sh has beside the kernel. */
const tools = 'build/vm/cloud/apparmor';

describe('a jail on a kernel with AppArmor', () => {
  const instance = new TestInstance();
  const inside = (jail: string, script: string): string =>
    instance.ctl('exec', jail, '--', 'sh', '-c', `exec 2>&1; ${script}`).stdout.trim();

  before(async () => {
    const load = [
      '--base',
      `${tools}/etc/apparmor.d`,
      '--replace',
      '--skip-cache',
      'etc/apparmor.d/jaild-default',
    ];
    const { status, stderr } = spawnSync(`${tools}/sbin/apparmor_parser`, load, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    instance.configure(`
      * { path = "$root"; command = "/bin/sh -c 'cat /proc/self/attr/current; sleep 1000'"; restart = no; }
      held { apparmor = jaild-default; }  privileged { apparmor = jaild-default; no_new_privs = false; }
      free { }  lost { apparmor = no-such-profile; }
    `);
    await instance.start();
    const { code, stderr: said } = instance.ctl('start', 'held', 'privileged', 'free');
    if (code !== 0) throw new Error(said);
  });

  after(() => instance.close());

  it('has its command and what exec runs under the profile, and is free without', async () => {
    for (const jail of ['held', 'privileged', 'free'])
      await instance.until('it has spoken', () => instance.logOf(jail).includes('stdout'));
    const labels = ['held', 'privileged', 'free'].map((jail) => [
      / stdout (.*)/.exec(instance.logOf(jail))?.[1],
      inside(jail, 'cat /proc/self/attr/current'),
    ]);
    const enforced = 'jaild-default (enforce)';
    expect(labels).to.deep.equal([
      [enforced, enforced],
      [enforced, enforced],
      ['unconfined', 'unconfined'],
    ]);
  });

  it('is refused by the profile what it would have else', () => {
    expect(inside('free', 'cat /proc/kallsyms')).to.equal('');
    expect(inside('held', 'cat /proc/kallsyms')).to.match(/Permission denied$/);
    expect(inside('held', 'echo x >/tmp/x && cat /tmp/x; kill -0 1 || kill -0 $$ && echo own')).to.match(
      /^x\n[^]*own$/,
    );
  });

  it('shows its label in an audit', () => {
    expect(instance.ctl('audit', 'held').stdout).to.match(/^closed +labels +jaild-default \(enforce\)$/m);
    expect(instance.ctl('audit', 'free').stdout).to.match(/^noted +labels +unconfined$/m);
  });

  it('is not started with a profile that is not loaded', () => {
    const { code, stderr } = instance.ctl('start', 'lost');
    expect(code).to.equal(1);
    expect(stderr).to.match(/label no-such-profile: No such file or directory[^]*apparmor_parser -r/);
  });
});
