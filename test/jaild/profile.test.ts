import { expect } from 'chai';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';
import { installProbe, readProbe } from '../support/probe.js';

/** Allows everything, as who writes a profile of what is not allowed begins. */
const open = (syscalls: readonly object[]): string =>
  JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', archMap: [], syscalls });

const strict = open([
  { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
  { names: ['sethostname'], action: 'SCMP_ACT_KILL_PROCESS' },
  {
    names: ['socket'],
    action: 'SCMP_ACT_ERRNO',
    args: [{ index: 0, value: 1, op: 'SCMP_CMP_NE' }],
    excludes: { caps: ['CAP_NET_RAW'] },
  },
]);

describe('a jail with a seccomp profile in JSON', () => {
  const instance = new TestInstance();
  const profile = join(instance.prefix, 'strict.json');
  const inside = (jail: string, script: string): string =>
    instance.ctl('exec', jail, '--', 'sh', '-c', `exec 2>&1; ${script}`).stdout.trim();
  const programs = (): number => readdirSync(join(instance.prefix, 'var/lib/jaild/seccomp')).length;

  before(async () => {
    installProbe(instance.root);
    writeFileSync(profile, strict);
    writeFileSync(join(instance.prefix, 'config.json'), `{"linux": {"seccomp": ${open([])}}}`);
    instance.configure(`
      * { path = "$root"; command = "/bin/sleep 1000"; restart = no; seccomp = "$prefix/strict.json"; }
      box { }  raw { allow.raw_sockets; }  named { allow.set_hostname; }  whole { seccomp = "$prefix/config.json"; }
    `);
    await instance.start();
    const { code, stderr } = instance.ctl('start', 'box', 'raw', 'named', 'whole');
    if (code !== 0) throw new Error(stderr);
  });

  after(() => instance.close());

  it('has the answers of the profile, with exec as in its command', () => {
    expect(inside('box', 'mkdir /tmp/x')).to.match(/Function not implemented$/);
    expect(inside('box', 'hostname x; echo $?')).to.match(/159$/);
    expect(inside('box', 'ping -c 1 127.0.0.1')).to.match(/permission denied/i);
    expect(inside('box', 'grep ^Seccomp: /proc/self/status')).to.match(/2$/);
    const answers = readProbe(inside('box', 'probe'));
    expect(answers['EPERM']).to.include('vsock').and.include('packet');
  });

  it('has those of its capabilities, and what its other parameters allow comes first', () => {
    expect(inside('raw', 'ping -c 1 -W 30 127.0.0.1')).to.match(/1 packets received|1 received/);
    expect(inside('named', 'hostname mine && hostname')).to.equal('mine');
  });

  it('may have that of a whole config.json', () => {
    expect(inside('whole', 'mkdir /tmp/whole && echo made')).to.equal('made');
  });

  it('has a profile that was changed from its next start on, compiled once', () => {
    const before = programs();
    writeFileSync(profile, open([{ names: ['symlink', 'symlinkat'], action: 'SCMP_ACT_ERRNO' }]));
    expect(inside('box', 'mkdir /tmp/x')).to.match(/Function not implemented$/);
    for (let n = 0; n < 2; n++) expect(instance.ctl('restart', 'box').stderr).to.equal('');
    expect(inside('box', 'mkdir /tmp/x; ln -s a /tmp/y')).to.match(/^ln: .*Operation not permitted$/);
    expect(programs()).to.equal(before + 1);
  });

  it('is not started with a profile that is none, and told where it stops being one', () => {
    writeFileSync(profile, '{\n  "defaultAction": "SCMP_ACT_NOTIFY"\n}');
    const { code, stderr } = instance.ctl('restart', 'box');
    expect(code).to.equal(1);
    expect(stderr).to.include(`${profile}:2:20: defaultAction: nobody listens`);
  });
});

describe('a jail with a label', () => {
  const instance = new TestInstance();

  before(async () => {
    instance.configure(
      '* { path = "$root"; command = "/bin/true"; restart = no; } a { apparmor = no-such-label; } s { selinux = no:such:label:s0; }',
    );
    await instance.start();
  });

  after(() => instance.close());

  it('is not started where the kernel does not take it', () => {
    for (const jail of ['a', 's']) {
      const { code, stderr } = instance.ctl('start', jail);
      expect([code, stderr]).to.deep.equal([1, stderr]);
      expect(stderr).to.match(/not enabled in this kernel|label no/);
      expect(instance.status(jail).pid).to.equal(null);
    }
  });
});
