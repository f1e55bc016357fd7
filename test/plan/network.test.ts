import { expect } from 'chai';
import { compile } from '../../src/config/compile.js';
import type { Jail } from '../../src/config/jail.js';
import { PlanError } from '../../src/plan/error.js';
import type { BridgeFacts, HostFacts } from '../../src/plan/facts.js';
import { instanceBelow } from '../../src/plan/instance.js';
import { jailNetwork } from '../../src/plan/network.js';
import type { NetworkArgs } from '../../src/plan/step.js';
import { hostFacts } from '../support/host-facts.js';

const facts: HostFacts = {
  ...hostFacts,
  instance: instanceBelow('/p'),
  uidBase: null,
  machineId: '0123456789abcdef0123456789abcdef',
};

const bridge: BridgeFacts = {
  subnets: [{ address: '10.88.0.1', prefix: 24 }],
  leased: [{ address: '10.88.0.7', prefix: 24 }],
};

function jailOf(text: string): Jail {
  const files = { readFile: () => `web { path = /j/web; persist; ${text} }`, glob: () => [] };
  const [jail] = compile(['/p/etc/jail.conf'], files).jails;
  if (jail === undefined) throw new Error('no jail in the text');
  return jail;
}

const networkOf = (text: string, more: Partial<HostFacts> = {}): NetworkArgs =>
  jailNetwork(jailOf(text), { ...facts, ...more });

describe('the network in a plan', () => {
  it('is a routed link that says whose it is', () => {
    const { linkMac, peerMac, ...network } = networkOf(
      'ip4.addr = "eth0|192.0.2.1/24"; ip6.addr = "2001:db8::1";',
    );
    expect(network).to.deep.equal({
      jail: 'web',
      owner: 'jaild-00d74baf',
      attachment: { kind: 'routed' },
      link: network.link,
      peer: 'eth0',
      mtu: null,
      ip4: [{ address: '192.0.2.1', prefix: 24, announceOn: 'eth0' }],
      ip6: [{ address: '2001:db8::1', prefix: 128 }],
      gateways: [],
    });
    expect([linkMac, peerMac].every((mac) => /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/.test(mac))).to.equal(true);
  });

  it('has the prefix of its subnet behind an address that is written without, on a bridge that jaild makes', () => {
    const { ip4, ip6 } = networkOf(
      'bridge = lan; bridge.subnet = 10.88.0.0/24, "fd00:88::/64"; ip4.addr = 10.88.0.2, 10.88.0.3/24; ip_hostname;',
      {
        bridge: {
          subnets: [
            { address: '10.88.0.1', prefix: 24 },
            { address: 'fd00:88::1', prefix: 64 },
          ],
          leased: [],
        },
        hostnameAddresses: ['fd00:88::7'],
      },
    );
    expect([ip4, ip6]).to.deep.equal([
      [
        { address: '10.88.0.2', prefix: 24 },
        { address: '10.88.0.3', prefix: 24 },
      ],
      [{ address: 'fd00:88::7', prefix: 64 }],
    ]);
  });

  it('is not made with an address beside the subnets that jaild has chosen for its bridge', () => {
    expect(() => networkOf('bridge = lan; bridge.subnet = auto; ip4.addr = 10.99.0.1;', { bridge }))
      .to.throw(PlanError, 'ip4.addr 10.99.0.1: outside of the subnets of bridge lan')
      .with.property('hint', 'take another one of 10.88.0.0/24');
  });

  it('has hardware addresses that are the same at every start, and on every host others', () => {
    const macs = (more: Partial<HostFacts> = {}): readonly string[] => {
      const { linkMac, peerMac } = networkOf('ip4.addr = 192.0.2.1;', more);
      return [linkMac, peerMac];
    };
    expect(macs()).to.deep.equal(macs());
    expect(new Set([...macs(), ...macs({ machineId: 'f'.repeat(32) })]).size).to.equal(4);
  });

  it('is a port of the host’s bridge, which takes its own hardware address from others', () => {
    const network = networkOf(
      'bridge = br0; ip4.addr = "10.0.0.2/24"; interface = eth0; gateway = 10.0.0.1; mtu = 9000; mac = 02:00:5e:00:53:01;',
    );
    expect(network).to.deep.include({
      attachment: { kind: 'bridge', bridge: 'br0', make: null, isolated: false },
      ip4: [{ address: '10.0.0.2', prefix: 24 }],
      gateways: ['10.0.0.1'],
      mtu: 9000,
      peerMac: '02:00:5e:00:53:01',
    });
    expect([network.linkMac.slice(0, 2), network.forwarding]).to.deep.equal(['fe', undefined]);
  });

  it('is a port of a bridge that is made, with an address that was given', () => {
    expect(networkOf('bridge = cells; bridge.subnet = 10.88.0.0/24; isolate;', { bridge })).to.deep.include({
      attachment: { kind: 'bridge', bridge: 'cells', make: bridge.subnets, isolated: true },
      ip4: [{ address: '10.88.0.7', prefix: 24 }],
      forwarding: { interfaces: [], everywhere: true },
    });
  });

  it('is a macvlan', () => {
    expect(networkOf('macvlan = eth0; ip4.addr = 10.0.0.2/24;')).to.deep.include({
      attachment: { kind: 'macvlan', on: 'eth0' },
      ip4: [{ address: '10.0.0.2', prefix: 24 }],
    });
  });

  it('says on which interfaces answers come in that are passed on', () => {
    const forwarding = (text: string) => networkOf(`ip4.addr = 10.0.0.2/24; ${text}`).forwarding;
    expect([
      forwarding(''),
      forwarding('nat;'),
      forwarding('nat = "on eth0"; rdr = "tcp 80 80 on eth1";'),
      forwarding('bridge = br0; nat = "on eth0";'),
      forwarding('bridge = br0; rdr = "tcp 80 80";'),
    ]).to.deep.equal([
      undefined,
      { interfaces: [], everywhere: true },
      { interfaces: ['eth0', 'eth1'], everywhere: false },
      { interfaces: ['br0', 'eth0'], everywhere: false },
      { interfaces: ['br0'], everywhere: true },
    ]);
  });
});
