import { expect } from 'chai';
import { adviceOn, adviceOnX, ROOT } from '../../support/advice.js';

describe('the network of a jail', () => {
  it('is announced on an interface of this host', () => {
    expect(adviceOnX('ip4.addr = 203.0.113.1; interface = em0;')).to.deep.equal([
      '2:37 error: this host has no interface em0 [no-such-interface]',
    ]);
    expect(adviceOnX('ip4.addr = "eth0|192.0.2.10", "em0|192.0.2.11";')).to.deep.equal([
      '2:31 error: this host has no interface em0 [no-such-interface]',
    ]);
    expect(adviceOnX('interface = em0;')).to.deep.equal([
      '2:13 warning: this host has no interface em0 [no-such-interface]',
    ]);
  });

  it('may use an interface that a command makes', () => {
    const text = 'ip4.addr = "dummy7|203.0.113.1"; exec.prestart = "/bin/ip link add dummy7 type dummy";';
    expect(adviceOnX(text, { '/bin/ip': 'i' })).to.deep.equal([]);
  });

  it('has no address of the host, and belongs where it is announced', () => {
    expect(adviceOnX('ip4.addr = 192.0.2.2; ip6.addr = "fd00:0::2";')).to.deep.equal([
      '2:12 error: 192.0.2.2 is an address of this host already, on eth0 [address-in-use]',
      '2:34 error: fd00::2 is an address of this host already, on eth0 [address-in-use]',
    ]);
    expect(adviceOnX('ip4.addr = "lo|192.0.2.9";')).to.deep.equal([
      '2:12 warning: 192.0.2.9 is announced on lo, but belongs to the network of eth0 (192.0.2.2/24) [overlapping-subnet]',
    ]);
    expect(adviceOnX('ip4.addr = "eth0|192.0.2.9", 169.254.1.1;')).to.deep.equal([]);
  });

  it('needs IPv6 on the host for addresses of it', () => {
    const without = { hasIp6: () => false };
    expect(adviceOnX('ip6.addr = 2001:db8::1;', {}, without)).to.deep.equal([
      '2:12 error: this host runs without IPv6 [not-on-this-host]',
    ]);
    expect(adviceOnX('ip6.addr = 2001:db8::1; ip6 = disable;', {}, without)).to.deep.equal([]);
  });

  it('is one network for all jails in it', () => {
    const jail = (name: string, address: string) =>
      `${name} { path = /j/${name}; persist; ip4.addr = ${address}; }\n`;
    const files = { '/j/a': 'dir', '/j/b': 'dir', '/j/c': 'dir' };
    const text = jail('a', '10.0.0.1/16') + jail('b', '10.0.5.1/24') + jail('c', '10.1.0.1/24');
    expect(adviceOn(text, files)).to.deep.equal([
      '2:38 warning: the network of 10.0.5.1/24 is a part of that of 10.0.0.1/16 (jail "a") [overlapping-subnet]',
    ]);
    expect(adviceOn(jail('a', '10.0.0.1/16') + jail('b', '10.0.5.1/16'), files)).to.deep.equal([]);
  });

  it('takes an interface of the host for one jail only, and misses none that runs with it', () => {
    const missing = '2:18 error: this host has no interface eth7 [no-such-interface]';
    expect(adviceOnX('vnet.interface = eth7;')).to.deep.equal([missing]);
    expect(adviceOnX('vnet.interface = eth7;', {}, { isRunning: () => true })).to.deep.equal([]);
    const two = 'path = /j/x; persist; readonly; vnet.interface = eth0;\na {}\nb {}';
    expect(adviceOn(two, ROOT)).to.deep.equal([
      '1:50 warning: eth0 goes to jail "a", too: only one of them can run [no-such-interface]',
    ]);
  });

  it('is on an interface of this host that a macvlan, a forward or a masquerade names', () => {
    expect(adviceOnX('macvlan = em0;')).to.deep.equal([
      '2:11 error: this host has no interface em0 [no-such-interface]',
    ]);
    const text = 'ip4.addr = 203.0.113.1; rdr = "tcp 80 on eth0", "tcp 81 on em0"; nat = "on em1";';
    expect(adviceOnX(text, { '/usr/sbin/nft': 'a program' })).to.deep.equal([
      '2:49 warning: this host has no interface em0 [no-such-interface]',
      '2:72 warning: this host has no interface em1 [no-such-interface]',
    ]);
  });
});
