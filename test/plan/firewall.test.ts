import { expect } from 'chai';
import { redirects, masquerades } from '../../src/config/values/forward.js';
import type { ValueType } from '../../src/config/values/type.js';
import { clashOf } from '../../src/plan/firewall-clash.js';
import { loopbackLinks } from '../../src/plan/firewall-hairpin.js';
import { rulesetOf, tableName } from '../../src/plan/firewall-ruleset.js';
import { tableScript } from '../../src/plan/firewall-text.js';
import type { FirewallArgs } from '../../src/plan/step.js';

const instance = { key: '0123abcd', prefix: '/p' };

function jail(name: string, at: number, more: Partial<FirewallArgs> = {}): FirewallArgs {
  const own = { ip4: [`10.0.0.${at}`], ip6: [`fd00::${at}`] };
  return {
    jail: name,
    link: `jl${name}`,
    bridged: false,
    mac: `02:00:00:00:00:0${at}`,
    ...own,
    masquerades: [],
    redirects: [],
    isolated: false,
    ...more,
  };
}

function read<T>(type: ValueType<T>, texts: readonly string[]): T {
  const converted = type.convert(texts, false);
  if (!converted.ok) throw new Error(converted.message);
  return converted.value;
}

const rdr = (...texts: readonly string[]): Pick<FirewallArgs, 'redirects'> => ({
  redirects: read(redirects, texts),
});
const nat = (...texts: readonly string[]): Pick<FirewallArgs, 'masquerades'> => ({
  masquerades: read(masquerades, texts),
});

/** The lines of a chain, or of one set or map. */
function part(script: string, name: string): readonly string[] {
  const lines = script.split('\n').map((line) => line.trim());
  const start = lines.findIndex((line) => line === `chain ${name} {`);
  if (start >= 0) return lines.slice(start + 1, lines.indexOf('}', start));
  return lines.filter((line) => new RegExp(`^(set|map) ${name} `).test(line));
}

const scriptOf = (...all: readonly FirewallArgs[]): string =>
  tableScript(rulesetOf(instance, all, loopbackLinks(all)));

describe('the table of an instance', () => {
  it('is written whole, in place of the one before, and says whose it is', () => {
    expect(scriptOf(jail('a', 1, rdr('tcp 8080 80')))).to.equal(
      [
        'add table inet jaild_0123abcd',
        'delete table inet jaild_0123abcd',
        'table inet jaild_0123abcd {',
        '  comment "kept by jaild --prefix /p, which undoes what others change in it"',
        '  map rdr4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 8080 : 10.0.0.1 . 80 }; }',
        '  map rdr6 { type inet_proto . inet_service : ipv6_addr . inet_service; elements = { tcp . 8080 : fd00::1 . 80 }; }',
        '  set rdr_links { type ifname; elements = { "jla" }; }',
        '  set rdr_back { type ifname . ifname; elements = { "jla" . "jla" }; }',
        '  set loopback_links { type ifname; elements = { "jla" }; }',
        '  chain rdr {',
        '    fib daddr type != local accept',
        '    meta nfproto ipv4 dnat ip to meta l4proto . th dport map @rdr4',
        '    meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @rdr6',
        '  }',
        '  chain hairpin {',
        '    ip saddr 127.0.0.0/8 oifname @rdr_links snat ip to 169.254.1.1',
        '    ip6 saddr ::1 oifname @rdr_links snat ip6 to fe80::1',
        '    meta nfproto ipv4 iifname . oifname @rdr_back snat ip to 169.254.1.1',
        '    meta nfproto ipv6 iifname . oifname @rdr_back snat ip6 to fe80::1',
        '  }',
        '  chain guard {',
        '    type filter hook prerouting priority raw; policy accept;',
        '    iifname @loopback_links ip daddr 127.0.0.0/8 drop',
        '    iifname @loopback_links ip saddr 127.0.0.0/8 drop',
        '    meta iifkind "veth" iifname "jl*" ip6 saddr != :: fib saddr . iif oif missing drop',
        '  }',
        '  chain prerouting {',
        '    type nat hook prerouting priority dstnat; policy accept;',
        '    ip daddr 127.0.0.0/8 accept',
        '    ip6 daddr ::1 accept',
        '    jump rdr',
        '  }',
        '  chain output {',
        '    type nat hook output priority -100; policy accept;',
        '    jump rdr',
        '  }',
        '  chain postrouting {',
        '    type nat hook postrouting priority srcnat; policy accept;',
        '    ct status dnat jump hairpin',
        '  }',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('is called jaild where there is but one instance', () => {
    expect([tableName({ key: '' }), tableName(instance)]).to.deep.equal(['jaild', 'jaild_0123abcd']);
    const hostile = tableScript(
      rulesetOf({ key: '', prefix: '/p"; flush' }, [jail('a', 1)], { ip4: [], ip6: [] }),
    );
    expect(hostile.split('\n').filter((line) => line.includes('flush'))).to.deep.equal([
      '  comment "kept by jaild --prefix /p?; flush, which undoes what others change in it"',
    ]);
  });

  it('has as many rules for a thousand forwards as for two', () => {
    const lines = (count: number): number =>
      scriptOf(
        ...Array.from({ length: count }, (_, at) => jail(`j${at}`, at % 250, rdr(`tcp ${1000 + at} 80`))),
      ).split('\n').length;
    expect(lines(1000)).to.equal(lines(2));
  });
});

describe('a forward', () => {
  it('is in a map with its address where one is named, and by ranges where ports stay the same', () => {
    const script = scriptOf(
      jail(
        'a',
        1,
        rdr('udp [2001:db8::1]:53 [fd00::1]:53', 'udp 192.0.2.1:54 53', 'tcp 10-12', 'tcp 20-21 30-31'),
      ),
    );
    expect([
      ...part(script, 'rdr_to4'),
      ...part(script, 'rdr4'),
      ...part(script, 'rdr4_ranges'),
    ]).to.deep.equal([
      'map rdr_to4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; elements = { 192.0.2.1 . udp . 54 : 10.0.0.1 . 53 }; }',
      'map rdr4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 20 : 10.0.0.1 . 30, tcp . 21 : 10.0.0.1 . 31 }; }',
      'map rdr4_ranges { type inet_proto . inet_service : ipv4_addr; flags interval; elements = { tcp . 10-12 : 10.0.0.1 }; }',
    ]);
  });

  it('is a rule before all others where it is for some only, in the families that those have', () => {
    const script = scriptOf(
      jail(
        'a',
        1,
        rdr('tcp 80 from 192.0.2.0/24', 'tcp [2001:db8::1]:81-82 91-92 on eth0', 'tcp 83-84 on eth0'),
      ),
    );
    expect(part(script, 'rdr')).to.deep.equal([
      'meta nfproto ipv4 ip saddr { 192.0.2.0/24 } fib daddr type local tcp dport 80 dnat ip to 10.0.0.1:80',
      'meta nfproto ipv6 iifname "eth0" ip6 daddr 2001:db8::1 tcp dport 81-82 dnat ip6 to [fd00::1]:tcp dport map { 81 : 91, 82 : 92 }',
      'meta nfproto ipv4 iifname "eth0" fib daddr type local tcp dport 83-84 dnat ip to 10.0.0.1',
      'meta nfproto ipv6 iifname "eth0" fib daddr type local tcp dport 83-84 dnat ip6 to fd00::1',
    ]);
  });

  it('goes to the first address of each family that the jail has, or to the one that is named', () => {
    const one = jail('a', 1, { ...rdr('tcp 80', 'tcp 81 10.0.0.9:80'), ip6: [] });
    const script = scriptOf(one);
    expect(part(script, 'rdr4')).to.deep.equal([
      'map rdr4 { type inet_proto . inet_service : ipv4_addr . inet_service; elements = { tcp . 80 : 10.0.0.1 . 80, tcp . 81 : 10.0.0.9 . 80 }; }',
    ]);
    expect(part(script, 'rdr6')).to.deep.equal([]);
  });

  it('is masqueraded where it goes back over the bridge that it came from, and from the host', () => {
    const on = { link: 'br0', bridged: true };
    const script = scriptOf(
      jail('a', 1, { ...on, ...rdr('tcp 80') }),
      jail('b', 2, { ...on, ...rdr('tcp 81') }),
    );
    expect(part(script, 'hairpin')).to.deep.equal([
      'oifname @rdr_bridges fib saddr type local masquerade',
      'iifname . oifname @rdr_bridges_back masquerade',
    ]);
    expect(part(script, 'shortcut').slice(1)).to.deep.equal([
      'oifname @rdr_bridges ct status dnat icmp type redirect drop',
    ]);
    expect(part(script, 'rdr_bridges_back')).to.deep.equal([
      'set rdr_bridges_back { type ifname . ifname; elements = { "br0" . "br0" }; }',
    ]);
  });

  it('opens loopback only where the host may come by it', () => {
    const links = (...texts: readonly string[]) => loopbackLinks([jail('a', 1, rdr(...texts))]);
    expect([
      links('tcp 80'),
      links('tcp 127.0.0.1:80 80'),
      links('tcp 192.0.2.1:80 80'),
      links('tcp 80 on eth0'),
      links('tcp 80 from 192.0.2.0/24'),
      links('tcp 80 from 0.0.0.0/0'),
    ]).to.deep.equal([
      { ip4: ['jla'], ip6: ['jla'] },
      { ip4: ['jla'], ip6: [] },
      { ip4: [], ip6: [] },
      { ip4: [], ip6: [] },
      { ip4: [], ip6: [] },
      { ip4: ['jla'], ip6: [] },
    ]);
  });

  it('clashes with one of the same port, protocol and address, whatever the range', () => {
    const had = [jail('a', 1, rdr('tcp 80-90', 'udp 192.0.2.1:53 53'))];
    const clash = (...texts: readonly string[]) => clashOf(jail('b', 2, rdr(...texts)), had);
    expect([
      clash('tcp 85 80'),
      clash('udp 192.0.2.1:53 53'),
      clash('udp 85 80', 'tcp 91', 'udp 53', 'tcp 192.0.2.1:80', 'tcp 80 from 192.0.2.0/24'),
      clash('tcp 1', 'tcp 1-2'),
    ]).to.deep.equal([
      { jail: 'a', port: 'tcp 85' },
      { jail: 'a', port: 'udp 192.0.2.1:53' },
      null,
      { jail: 'b', port: 'tcp 1-2' },
    ]);
    expect(clashOf(jail('a', 1, rdr('tcp 80')), had)).to.equal(null);
  });
});

describe('a masquerade', () => {
  it('is for all addresses and every way that leads to no jail', () => {
    const script = scriptOf(
      jail('a', 1, nat('from 0.0.0.0/0', 'from ::/0')),
      jail('b', 2, { link: 'br0', bridged: true, isolated: true }),
    );
    expect(part(script, 'postrouting')).to.deep.equal([
      'type nat hook postrouting priority srcnat; policy accept;',
      'oifname @bridges accept',
      'meta oifkind "veth" oifname "jl*" accept',
      'ip saddr @nat4 masquerade',
      'ip6 saddr @nat6 masquerade',
    ]);
    expect([...part(script, 'bridges'), ...part(script, 'nat4'), ...part(script, 'nat6')]).to.deep.equal([
      'set bridges { type ifname; elements = { "br0" }; }',
      'set nat4 { type ipv4_addr; elements = { 10.0.0.1 }; }',
      'set nat6 { type ipv6_addr; elements = { fd00::1 }; }',
    ]);
  });

  it('is for the addresses, the interface and under the address that are named', () => {
    const ip4 = ['10.0.0.1', '10.9.0.1'];
    const script = scriptOf(
      jail('a', 1, {
        ip4,
        ...nat('from 10.9.0.0/16 on eth0', 'as 192.0.2.9', 'as 192.0.2.10', 'on eth0 as fd00::9'),
      }),
    );
    expect(part(script, 'postrouting').slice(1)).to.deep.equal([
      'oifname . ip saddr @nat_on4 masquerade',
      'snat ip6 to oifname . ip6 saddr map @nat_on_as6',
      'meta oifkind "veth" oifname "jl*" accept',
      'snat ip to ip saddr map @nat_as4',
    ]);
    expect(['nat_on4', 'nat_on_as6', 'nat_as4'].flatMap((name) => part(script, name))).to.deep.equal([
      'set nat_on4 { type ifname . ipv4_addr; elements = { "eth0" . 10.9.0.1 }; }',
      'map nat_on_as6 { type ifname . ipv6_addr : ipv6_addr; elements = { "eth0" . fd00::1 : fd00::9 }; }',
      'map nat_as4 { type ipv4_addr : ipv4_addr; elements = { 10.0.0.1 : 192.0.2.9, 10.9.0.1 : 192.0.2.9 }; }',
    ]);
  });
});

describe('isolation', () => {
  it('is by links for routed jails, by hardware addresses for those of a bridge, and not for what was redirected', () => {
    const script = scriptOf(
      jail('a', 1, { isolated: true }),
      jail('b', 2, { link: 'br0', bridged: true, isolated: true }),
      jail('c', 3, nat('on eth0')),
    );
    expect([...part(script, 'forward'), ...part(script, 'to_isolated')]).to.deep.equal([
      'type filter hook forward priority filter; policy accept;',
      'ct status dnat accept',
      'iifname @isolated jump to_isolated',
      'iifname . ether saddr @isolated_macs jump to_isolated',
      'oifname @isolated drop',
      'ip daddr @isolated4 drop',
      'ip6 daddr @isolated6 drop',
    ]);
    expect([
      ...part(script, 'isolated'),
      ...part(script, 'isolated4'),
      ...part(script, 'isolated_macs'),
    ]).to.deep.equal([
      'set isolated { type ifname; elements = { "jla" }; }',
      'set isolated4 { type ipv4_addr; elements = { 10.0.0.2 }; }',
      'set isolated_macs { type ifname . ether_addr; elements = { "br0" . 02:00:00:00:00:02 }; }',
    ]);
  });
});
