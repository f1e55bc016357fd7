import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

function commandLine(pid: string): string {
  try {
    return /^\d/.test(pid) ? readFileSync(`/proc/${pid}/cmdline`, 'latin1').replace(/\0+$/, '') : '';
  } catch {
    return ''; // it has ended meanwhile
  }
}

/** CPU time that a process has had: utime and stime of proc(5). */
function cpuTicks(pid: string): number {
  const words = readFileSync(`/proc/${pid}/stat`, 'latin1').split(' ');
  return Number(words[13]) + Number(words[14]);
}

describe('a jail that is to say that it is ready', () => {
  const instance = new TestInstance();
  const jails = ['usual', 'user', 'fixed', 'layered', 'bare', 'open'];

  before(async () => {
    installProgram(instance.root, 'notify');
    instance.write('roots/empty/.keep', '');
    instance.configure(`
      * {
        path = "$root";
        ready = notify;
        command = "/bin/sh -c 'notify READY=1 STATUS=well; echo said \\$? \\$NOTIFY_SOCKET \\$WATCHDOG_USEC; exec sleep 1000'";
      }
      usual { watchdog = 1h; }
      user { exec.jail_user = nobody; }
      fixed { readonly; }
      layered { path = "$prefix/roots/empty"; base = "$root"; mount.nodevfs; }
      bare { mount.nodevfs; }
      open { seccomp = off; caps.add = sys_admin; }
      flood { command = "/bin/sh -c 'notify READY=1; echo said; exec notify -f WATCHDOG=1 STATUS=talking'"; }
    `);
    await instance.start();
    const answer = instance.ctl('start', '-a');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
  });
  after(() => instance.close());

  const said = async (jail: string): Promise<string> => {
    await instance.until(`${jail} has said it`, () => instance.logOf(jail).includes('said'));
    return instance.logOf(jail).replace(/^\S+ (\S+) /gm, '');
  };

  it('reaches the socket that it is told of, whatever its root and its user', async () => {
    const texts = await Promise.all(jails.map(said));
    expect(Object.fromEntries(jails.map((jail, index) => [jail, texts[index]]))).to.deep.equal({
      usual: 'said 0 /dev/notify 3600000000\n',
      user: 'said 0 /dev/notify\n',
      fixed: 'said 0 /dev/notify\n',
      layered: 'said 0 /run/notify\n',
      bare: 'said 0 /run/notify\n',
      open: 'said 0 /dev/notify\n',
    });
  });

  it('cannot change it, and does not find that of another jail', () => {
    const inside = (script: string) => instance.ctl('exec', 'usual', '--', '/bin/sh', '-c', script);
    expect(inside('chmod 0 /dev/notify || rm /dev/notify').code).to.equal(1);
    expect(inside('ls /run/jaild').code).to.equal(1);
    expect(instance.onHost('stat', '-c', '%a %U', `${instance.prefix}/run/jaild/usual`).stdout).to.equal(
      '700 root\n',
    );
  });

  it('can say no more than is heard, and holds up nobody by it', async () => {
    await said('flood');
    const jailer = readdirSync('/proc').find((pid) => commandLine(pid).endsWith('/run/jaild/flood')) ?? '';
    const [before, began] = [cpuTicks(jailer), performance.now()];
    await sleep(1000);
    const { code, stdout } = instance.ctl('exec', 'flood', '--', '/bin/sh', '-c', 'echo heard');
    expect([code, stdout]).to.deep.equal([0, 'heard\n']);
    expect(instance.ctl('list').code).to.equal(0);
    // Of a hundred in a second.
    const passed = (performance.now() - began) / 10;
    expect(cpuTicks(jailer) - before).to.be.below(passed / 2);
  });

  it('has it shown by audit as a door that is known', () => {
    const { stdout } = instance.ctl('audit', 'usual');
    expect(stdout).to.contain('jaild hears what it says of itself there');
    expect(stdout).to.not.contain('nobody planned');
  });
});
