import { expect } from 'chai';
import { redirects } from '../../src/config/values/forward.js';
import { staleFlows } from '../../src/plan/firewall-flows.js';
import type { FirewallArgs } from '../../src/plan/step.js';

function jail(name: string, address: string, ...texts: readonly string[]): FirewallArgs {
  const converted = redirects.convert(texts, false);
  if (!converted.ok) throw new Error(converted.message);
  return {
    jail: name,
    link: `jl${name}`,
    bridged: false,
    mac: '02:00:00:00:00:01',
    ip4: [address],
    ip6: [],
    masquerades: [],
    redirects: converted.value,
    isolated: false,
  };
}

const port = (first: number, last = first) => ({ family: 'ip4', ports: { first, last } });

describe('flows of UDP', () => {
  it('are stale where a forward that led them is gone, and where one has come that will', () => {
    const before = [
      jail('a', '10.0.0.1', 'udp 53', 'udp 192.0.2.1:54 53', 'tcp 80'),
      jail('b', '10.0.0.2', 'udp 7'),
    ];
    const after = [jail('a', '10.0.0.9', 'udp 53', 'udp 60-69'), jail('b', '10.0.0.2', 'udp 7', 'tcp 8')];
    expect(staleFlows(before, after)).to.deep.equal([
      { ...port(53), to: '10.0.0.1', address: null },
      { ...port(54), to: '10.0.0.1', address: '192.0.2.1' },
      { ...port(53), to: null, address: null },
      { ...port(60, 69), to: null, address: null },
    ]);
  });

  it('are not stale where nothing changes, be it that another jail has it', () => {
    const one = jail('a', '10.0.0.1', 'udp 53', 'tcp 80');
    expect(staleFlows([one], [{ ...one, jail: 'b', link: 'jlb' }])).to.deep.equal([]);
  });
});
