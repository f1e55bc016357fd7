import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { Gate } from '../../src/host/gate.js';
import { SysctlLedger } from '../../src/host/sysctl-ledger.js';
import { describeInNetns } from '../support/netns.js';
import { temporaryDirectory } from '../support/temporary.js';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const conf = (name: string): string => `ipv4/conf/lan0/${name}`;
const get = (name: string): string => readFileSync(`/proc/sys/net/${name}`, 'utf8').trim();
const set = (name: string, value: string): void => writeFileSync(`/proc/sys/net/${name}`, value);

describeInNetns('lent sysctls', import.meta.url, () => {
  let directory: string;
  let ledger: SysctlLedger;
  const forwarding = { name: conf('forwarding'), value: '1' };
  const proxyArp = { name: conf('proxy_arp'), value: '1' };
  const values = (): readonly string[] => [get(forwarding.name), get(proxyArp.name)];
  const file = (): string => `${directory}/sysctls`;

  beforeEach(() => {
    directory = temporaryDirectory();
    ledger = new SysctlLedger(directory, 'this boot', new Gate(''));
    ip('link', 'add', 'lan0', 'type', 'veth');
  });
  afterEach(() => ip('link', 'del', 'lan0'));

  it('go back with the last jail that needs them', () => {
    ledger.hold('a', 'network', [forwarding, proxyArp]);
    ledger.hold('b', 'network', [forwarding]);
    expect(values()).to.deep.equal(['1', '1']);
    ledger.release('a');
    expect(values()).to.deep.equal(['1', '0']);
    ledger.release('b');
    expect(values()).to.deep.equal(['0', '0']);
  });

  it('are held by parts of a jail that do not know of each other, each in place of what it held', () => {
    ledger.hold('a', 'network', [forwarding]);
    ledger.hold('a', 'firewall', [forwarding, proxyArp]);
    ledger.hold('a', 'network', []);
    expect(values()).to.deep.equal(['1', '1']);
    ledger.hold('a', 'firewall', [proxyArp]);
    expect(values()).to.deep.equal(['0', '1']);
    ledger.release('a');
    expect(values()).to.deep.equal(['0', '0']);
  });

  it('go back by a later jaild too, for jails that are gone', () => {
    ledger.hold('a', 'network', [forwarding]);
    ledger.hold('b', 'network', [proxyArp]);
    const later = new SysctlLedger(directory, 'this boot', new Gate(''));
    later.keepOnly(new Set(['b']));
    expect(values()).to.deep.equal(['0', '1']);
    later.release('b');
    expect(values()).to.deep.equal(['0', '0']);
  });

  it('stay as they are when somebody else has set them meanwhile', () => {
    set(conf('log_martians'), '0');
    ledger.hold('a', 'network', [{ name: conf('arp_ignore'), value: '2' }]);
    set(conf('arp_ignore'), '1');
    ledger.release('a');
    expect(get(conf('arp_ignore'))).to.equal('1');
  });

  it('are none of those that were so already, and those make no file', () => {
    set(forwarding.name, '1');
    ledger.hold('a', 'network', [forwarding]);
    ledger.hold('b', 'network', []);
    ledger.release('a');
    expect([get(forwarding.name), existsSync(file())]).to.deep.equal(['1', false]);
  });

  it('are only set in place of one value where that is asked for, and held by others nevertheless', () => {
    const heed = { name: conf('arp_announce'), value: '2', insteadOf: '1' };
    ledger.hold('a', 'network', [heed]);
    expect(get(heed.name)).to.equal('0');
    set(heed.name, '1');
    ledger.hold('a', 'network', [heed]);
    ledger.hold('b', 'network', [heed]);
    ledger.release('a');
    expect(get(heed.name)).to.equal('2');
    ledger.release('b');
    expect(get(heed.name)).to.equal('1');
  });

  it('leave those interfaces forwarding that did so by themselves', () => {
    const own = 'ipv6/conf/lan0/forwarding';
    set(own, '1');
    ledger.hold('a', 'network', [{ name: 'ipv6/conf/all/forwarding', value: '1', spares: [own] }]);
    expect([get('ipv6/conf/all/forwarding'), get('ipv6/conf/lo/forwarding')]).to.deep.equal(['1', '1']);
    ledger.release('a');
    expect(['all', 'lo', 'lan0'].map((name) => get(`ipv6/conf/${name}/forwarding`))).to.deep.equal([
      '0',
      '0',
      '1',
    ]);
  });

  it('are forgotten with their interface, and in another boot', () => {
    ledger.hold('a', 'network', [forwarding]);
    ip('link', 'del', 'lan0');
    ledger.release('a');
    ip('link', 'add', 'lan0', 'type', 'veth');
    ledger.hold('a', 'network', [forwarding]);
    new SysctlLedger(directory, 'next boot', new Gate('')).keepOnly(new Set());
    expect(get(forwarding.name)).to.equal('1');
  });

  it('are not missed on an interface that anybody may take away, and has', () => {
    const gone = { name: 'ipv4/conf/gone0/forwarding', value: '1', mayGo: true };
    ledger.hold('a', 'network', [gone, forwarding]);
    expect(values()).to.deep.equal(['1', '0']);
    const lan = { ...forwarding, mayGo: true };
    ledger.hold('b', 'network', [lan]);
    ip('link', 'del', 'lan0');
    ledger.hold('b', 'network', [lan, gone]);
    ip('link', 'add', 'lan0', 'type', 'veth');
    ledger.release('a');
    ledger.release('b');
    expect(values()).to.deep.equal(['0', '0']);
  });

  it('are none when one of them cannot be set', () => {
    const nowhere = { name: 'ipv4/conf/nowhere/forwarding', value: '1' };
    expect(() => ledger.hold('a', 'network', [forwarding, nowhere])).to.throw(/nowhere/);
    expect(get(forwarding.name)).to.equal('0');
  });

  it('say that their file is damaged, and begin anew', () => {
    writeFileSync(file(), '{');
    const damaged = new SysctlLedger(directory, 'this boot', new Gate(''));
    expect(damaged.damage?.message).to.match(/sysctls: /);
    damaged.hold('a', 'network', [forwarding]);
    expect(get(forwarding.name)).to.equal('1');
  });
});
