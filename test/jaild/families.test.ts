import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';
import { installProgram } from '../support/probe.js';

describe('a jail whose file takes a family of addresses away', () => {
  const instance = new TestInstance();
  const NONE = 97; // EAFNOSUPPORT
  const all = (...errors: readonly number[]): string =>
    ['tcp4', 'udp4', 'tcp6', 'udp6'].map((name, index) => `${name} ${errors[index] ?? 0}\n`).join('');
  const exec = (jail: string, ...words: readonly string[]): string =>
    instance.ctl('exec', jail, '--', ...words).stdout;

  before(async () => {
    installProgram(instance.root, 'families');
    instance.configure(`
      * { path = "$root"; persist; command = "/bin/sh -c 'families; sleep 1000'"; }
      usual { ip4.addr = 10.78.0.4; }
      no4 { ip4 = disable; }
      no6 { ip4.addr = 10.78.0.5; ip6 = disable; }
      neither { noip4; noip6; allow.socket_af; }
      open { ip4 = disable; ip6 = disable; seccomp = off; }
      host6 { ip4 = disable; ip6 = inherit; }
      host4 { ip4 = inherit; ip6 = disable; }
    `);
    await instance.start();
    const answer = instance.ctl('start', '-a');
    if (answer.code !== 0) throw new Error(answer.stderr + instance.log);
  });
  after(() => instance.close());

  it('has no sockets of it, neither in its command nor by exec nor by run', async () => {
    const expected = {
      usual: all(),
      no4: all(NONE, NONE),
      no6: all(0, 0, NONE, NONE),
      neither: all(NONE, NONE, NONE, NONE),
      host6: all(NONE, NONE),
      host4: all(0, 0, NONE, NONE),
    };
    for (const [jail, text] of Object.entries(expected)) {
      expect(exec(jail, 'families'), jail).to.equal(text);
      await instance.until(`${jail} has tried`, () => instance.logOf(jail).includes('udp6'));
      expect(instance.logOf(jail).replace(/^\S+ stdout /gm, ''), jail).to.equal(text);
    }
    const { stdout } = instance.ctl('run', `path=${instance.root}`, 'ip6=disable', '--', '/bin/families');
    expect(stdout).to.equal(all(0, 0, NONE, NONE));
  });

  it('has no address of IPv6 left, not even on the loopback, whatever seccomp says', () => {
    const addresses = (jail: string): string => exec(jail, 'cat', '/proc/net/if_inet6');
    expect(addresses('usual')).to.match(/^0{31}1 .* lo$/m);
    for (const jail of ['no6', 'neither', 'open']) expect(addresses(jail), jail).to.equal('');
    expect(exec('open', 'families')).to.equal(all());
    expect(exec('open', 'ping', '-c', '1', '-W', '2', '::1')).to.not.contain('bytes from');
  });

  it('takes nothing away from the host', () => {
    expect(instance.onHost('cat', '/proc/sys/net/ipv6/conf/all/disable_ipv6').stdout).to.equal('0\n');
    expect(instance.onHost('cat', '/proc/net/if_inet6').stdout).to.match(/^0{31}1 .* lo$/m);
  });
});
