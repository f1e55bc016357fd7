import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

interface Checked {
  readonly jails: readonly {
    readonly name: string;
    readonly diagnostics: readonly { readonly severity: string; readonly code: string }[];
  }[];
}

/** Jails that check calls wrong, each in one way, and the code it has for that. */
const wrong: Readonly<Record<string, readonly [code: string, body: string]>> = {
  rootless: ['no-such-path', 'path = "$prefix/nowhere";'],
  programless: ['no-such-program', 'exec.start = ""; command = "/bin/nothing";'],
  pathless: ['no-such-program', 'exec.start = ""; command = nothing;'],
  plain: ['no-such-program', 'exec.start = ""; command = "/etc/passwd";'],
  script: ['no-such-program', 'exec.start = "/bin/sh /etc/rc";'],
  interpreted: ['no-such-program', 'path = "$prefix/odd"; exec.start = /script;'],
  hooked: ['no-such-program', 'exec.prestart = "ifconfigure epair create";'],
  userless: ['no-such-user', 'exec.jail_user = nosuchuser;'],
  hookless: ['no-such-user', 'exec.prestart = true; exec.system_user = nosuchuser;'],
  unmounted: ['no-such-path', 'mount = "$prefix/none $path/mnt nullfs ro";'],
  pointless: ['no-such-path', 'mount = "/usr $path/no nullfs ro";'],
  linked: ['bad-mount', 'path = "$prefix/odd"; mount = "/usr $path/link nullfs ro";'],
  mixed: ['bad-mount', 'mount = "/etc/passwd $path/mnt nullfs ro";'],
  fstabless: ['no-such-path', 'mount.fstab = "$prefix/fstab.no";'],
  unlogged: ['no-such-path', 'exec.consolelog = "$prefix/no/log";'],
  owned: ['own-file', 'exec.consolelog = "$path/log";'],
  homeless: ['no-such-path', 'exec.workdir = /nowhere;'],
  unruly: ['no-such-path', 'seccomp = "$prefix/none.policy";'],
  misruled: ['bad-policy', 'seccomp = "$prefix/bad.json";'],
  profiled: ['not-on-this-host', 'apparmor = no-such-profile;'],
  announced: ['no-such-interface', 'ip4.addr = "em7|198.51.100.7";'],
  taken: ['address-in-use', 'ip4.addr = 192.0.2.77;'],
  many: ['beyond-host', 'cpuset.cpus = 4000;'],
  swarm: ['beyond-host', 'pids.max = 5000000;'],
  slow: ['no-such-device', 'io.max = "/dev/null rbps=1M";'],
  slower: ['no-such-device', 'io.max = "99:99 rbps=1M";'],
};

/** Jails of which it has nothing to say, or a warning. */
const fine: Readonly<Record<string, string>> = {
  simple: '',
  shelled: 'exec.start = "echo $((1 + 1))";'.replace('$', '\\$'),
  mounted: 'mount = "/usr $path/mnt nullfs ro";',
  made: 'mount = "$prefix/made $path/mnt nullfs"; exec.prestart = "mkdir -p $prefix/made";',
  large: 'memory.max = 1000T; rlimit.nofile = 2147483647;',
  closed: 'path = "$prefix/closed/root";',
  deep: 'path = "$prefix/odd"; exec.start = "/sub/link/true";',
};

describe('what jailctl check finds', () => {
  const instance = new TestInstance();
  let found: ReadonlyMap<string, readonly string[]>;

  before(async () => {
    const jails = [...Object.entries(wrong).map(([name, [, body]]) => [name, body]), ...Object.entries(fine)];
    const usual = 'path = "$root"; restart = no; exec.start = "/bin/true"; persist; userns = auto;';
    const blocks = jails.map(([name, body]) => `${name} { ${body} }\n`);
    mkdirSync(join(instance.root, 'mnt'), { recursive: true });
    const odd = instance.newRoot('odd');
    instance.run(['mv', odd, join(instance.prefix, 'odd')]);
    symlinkSync('/tmp', join(instance.prefix, 'odd/link'));
    mkdirSync(join(instance.prefix, 'odd/sub'));
    symlinkSync('../../../../../bin', join(instance.prefix, 'odd/sub/link'));
    instance.write('bad.json', '{"defaultAction": "SCMP_ACT_ALLOWED"}');
    instance.write('odd/script', '#!/bin/nosuchinterpreter\n');
    chmodSync(join(instance.prefix, 'odd/script'), 0o755);
    instance.run(['mkdir', '-p', join(instance.prefix, 'closed')]);
    instance.run(['cp', '-a', instance.root, join(instance.prefix, 'closed/root')]);
    chmodSync(join(instance.prefix, 'closed'), 0o700);
    instance.configure(`* { ${usual} }\n${blocks.join('')}`);
    await instance.start();
    instance.onHost('ip', 'addr', 'add', '192.0.2.77/32', 'dev', 'lo');
    const network = `--net=/proc/${instance.daemonPid}/ns/net`;
    const checked = spawnSync('nsenter', [
      network,
      'bin/jailctl',
      '--prefix',
      instance.prefix,
      'check',
      '--json',
    ]);
    const { jails: told } = JSON.parse(checked.stdout.toString()) as Checked;
    found = new Map(
      told.map(({ name, diagnostics }) => [
        name,
        diagnostics
          .filter(({ code }) => code !== 'shared-path' && code !== 'open-path')
          .map(({ severity, code }) => `${severity} ${code}`),
      ]),
    );
  });

  after(() => instance.close());

  for (const [name, [code]] of Object.entries(wrong))
    it(`as an error keeps the jail from starting: ${name}`, () => {
      expect(found.get(name)).to.deep.equal([`error ${code}`]);
      const { code: exit, stderr } = instance.ctl('start', name);
      expect([exit, stderr]).to.deep.equal([1, stderr]);
    });

  for (const name of Object.keys(fine))
    it(`is no error of a jail that starts: ${name}`, () => {
      expect(found.get(name)?.filter((one) => one.startsWith('error'))).to.deep.equal([]);
      expect(instance.ctl('start', name)).to.deep.include({ code: 0 });
    });
});
