import { expect } from 'chai';
import { adviceOn, adviceOnX, ROOT } from '../../support/advice.js';
import type { Files } from '../../support/fake-host-view.js';

const BRIDGES: Files = {
  '/sys/class/net/eth0/mtu': '1500\n',
  '/sys/class/net/virbr0/bridge/stp_state': '0\n',
  '/sys/class/net/virbr0/mtu': '1400\n',
};
const links = (...names: readonly string[]) => ({ links: () => ['lo', 'eth0', ...names] });
const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
tun0\t0000580A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
lan\t0000630A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
jl0123456789ab\t0700630A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0
`;
const ROUTES6 = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 1 0 00000003     eth0
fd000088000000000000000000000000 30 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 1 0 00000001     tun0
ff000000000000000000000000000000 08 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 1 0 00000001     eth0
`;
const ROUTED: Files = { '/proc/net/route': ROUTES, '/proc/net/ipv6_route': ROUTES6 };

describe('the bridge of a jail', () => {
  it('is a bridge of this host, or made', () => {
    expect(adviceOnX('bridge = br7;', BRIDGES, links('virbr0'))).to.deep.equal([
      '2:10 error: this host has no bridge br7 [no-such-interface]',
    ]);
    expect(adviceOnX('bridge = eth0;', BRIDGES, links('virbr0'))).to.deep.equal([
      '2:10 error: eth0 is no bridge [no-such-interface]',
    ]);
    expect(adviceOnX('bridge = virbr0;', BRIDGES, links('virbr0'))).to.deep.equal([]);
    expect(adviceOnX('bridge = br7; bridge.subnet = auto;', BRIDGES)).to.deep.equal([]);
  });

  it('is not made where the host has one of the name', () => {
    const made = 'bridge = virbr0; bridge.subnet = 10.88.0.0/24;';
    const aliased = (alias: string): Files => ({ ...BRIDGES, '/sys/class/net/virbr0/ifalias': alias });
    expect(adviceOnX(made, aliased(''), links('virbr0'))).to.deep.equal([
      '2:10 error: virbr0 is a bridge of this host, which jaild has not made [no-such-interface]',
    ]);
    expect(adviceOnX(made, aliased('jaild-00d74baf\n'), links('virbr0'))).to.deep.equal([]);
    expect(adviceOnX('bridge = virbr0;', aliased(''), links('virbr0'))).to.deep.equal([]);
  });

  it('may be made by another jail, or by a command', () => {
    const text =
      'path = /j/x; persist; readonly; bridge = lan;\na { bridge.subnet = auto; }\nb { depend = a; }';
    expect(adviceOn(text, ROOT)).to.deep.equal([]);
    const made = 'bridge = br7; exec.prestart = "/bin/ip link add br7 type bridge";';
    expect(adviceOnX(made, { '/bin/ip': 'i' })).to.deep.equal([]);
  });

  it('is not told to be none where /sys is that of another network', () => {
    expect(adviceOnX('bridge = br7;', {}, links('br7'))).to.deep.equal([]);
  });
});

describe('the subnet of a bridge', () => {
  const advice = (subnets: string, files: Files = {}) =>
    adviceOnX(`bridge = lan; bridge.subnet = ${subnets};`, files);

  it('is none that the host is in', () => {
    expect(advice('192.0.2.128/25, "fd00::/48"')).to.deep.equal([
      '2:31 warning: 192.0.2.128/25 overlaps 192.0.2.0/24, which this host is in on eth0 [overlapping-subnet]',
      '2:47 warning: fd00::/48 overlaps fd00::/64, which this host is in on eth0 [overlapping-subnet]',
    ]);
  });

  it('is none that the host routes elsewhere', () => {
    expect(advice('10.88.5.0/24, "fd00:88::/64"', ROUTED)).to.deep.equal([
      '2:31 warning: 10.88.5.0/24 overlaps 10.88.0.0/16, which this host routes over tun0 [overlapping-subnet]',
      '2:45 warning: fd00:88::/64 overlaps fd00:88::/48, which this host routes over tun0 [overlapping-subnet]',
    ]);
    expect(advice('10.99.0.0/24, "fd00:89::/64"', ROUTED)).to.deep.equal([]);
  });

  it('is told once for all jails of the bridge', () => {
    const text = `path = /j/x; persist; readonly; bridge = lan; bridge.subnet = 192.0.2.0/24;\na { }\nb { }`;
    expect(adviceOn(text, ROOT)).to.have.length(1);
  });
});

describe('the MTU of a jail', () => {
  it('is not more than the interface on the way takes', () => {
    const more = links('virbr0');
    expect(adviceOnX('bridge = virbr0; mtu = 1500;', BRIDGES, more)).to.deep.equal([
      '2:24 warning: 1500 is more than the 1400 bytes that virbr0 takes [beyond-host]',
    ]);
    expect(adviceOnX('macvlan = eth0; mtu = 9000;', BRIDGES, more)).to.deep.equal([
      '2:23 warning: 9000 is more than the 1500 bytes that eth0 takes [beyond-host]',
    ]);
    expect(adviceOnX('macvlan = eth0; mtu = 1500;', BRIDGES, more)).to.deep.equal([]);
    expect(adviceOnX('bridge = virbr0; bridge.subnet = auto; mtu = 9000;', BRIDGES, more)).to.deep.equal([]);
  });
});
