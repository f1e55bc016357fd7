import { expect } from 'chai';
import { changeScript, standingIn, standingOf } from '../../src/plan/firewall-change.js';
import {
  rules,
  tableOf,
  wherever,
  type Chain,
  type Lookup,
  type Table,
} from '../../src/plan/firewall-text.js';

const NAT = 'type nat hook prerouting priority dstnat';

const map = (...elements: readonly string[]): Lookup => ({
  name: 'ports',
  type: 'inet_service : ipv4_addr',
  elements,
});
const links = (...elements: readonly string[]): Lookup => ({ name: 'links', type: 'ifname', elements });

function table(ports: Lookup, known: Lookup, ...more: readonly Chain[]): Table {
  const [to, of] = [
    wherever(ports, 'dnat ip to tcp dport map @ports'),
    wherever(known, 'iifname @links accept'),
  ];
  return tableOf('t', 'of a test', [
    { name: 'rdr', rules: to },
    { name: 'in', hook: NAT, rules: { ...of, lines: [...of.lines, 'jump rdr'] } },
    ...more,
  ]);
}

const change = (before: Table, after: Table): readonly string[] =>
  changeScript(standingOf(before), after).split('\n').slice(0, -1);

describe('a change of the table', () => {
  it('is none where nothing differs', () => {
    expect(
      changeScript(standingOf(table(map('1 : a'), links('x'))), table(map('1 : a'), links('x'))),
    ).to.equal('');
  });

  it('is of elements alone where the rules stay', () => {
    const before = table(map('1 : a', '2 : b', '3 : c'), links('x', 'y'));
    expect(change(before, table(map('3 : c', '2 : d', '4 : e', '4 : e'), links('y', 'x')))).to.deep.equal([
      'delete element inet t ports { 1 : a, 2 : b }',
      'add element inet t ports { 2 : d, 4 : e }',
    ]);
  });

  it('takes away what has become empty, after what refers to it, and the other way round', () => {
    const [more, less] = [table(map('1 : a'), links('x')), table(map(), links())];
    expect(change(more, less)).to.deep.equal([
      'flush chain inet t in',
      'flush chain inet t rdr',
      'delete chain inet t rdr',
      'delete map inet t ports',
      'delete set inet t links',
      `add chain inet t in { ${NAT}; policy accept; }`,
      'add rule inet t in jump rdr',
    ]);
    expect(change(less, more)).to.deep.equal([
      'flush chain inet t in',
      'add map inet t ports { type inet_service : ipv4_addr; elements = { 1 : a }; }',
      'add set inet t links { type ifname; elements = { x }; }',
      'add chain inet t rdr',
      `add chain inet t in { ${NAT}; policy accept; }`,
      'add rule inet t rdr dnat ip to tcp dport map @ports',
      'add rule inet t in iifname @links accept',
      'add rule inet t in jump rdr',
    ]);
  });

  it('fills anew all that only a name is known of, and takes away what nobody wants', () => {
    const wanted = table(map('1 : a'), links());
    const listing = [
      'table inet t {',
      '\tcomment "of a test {"',
      '\tset foreign {',
      '\t\ttype ifname',
      '\t}',
      '\tmap ports {',
      '\t\ttype inet_service : ipv4_addr',
      '\t}',
      '\tchain rdr {',
      '\t\tdnat ip to tcp dport map { 80 : 10.0.0.1 }',
      '\t}',
      '\tchain stranger {',
      '\t\tdrop',
      '\t}',
      '}',
      '',
    ].join('\n');
    const standing = standingIn(listing, wanted);
    expect(standing === null ? null : changeScript(standing, wanted).split('\n').slice(0, -1)).to.deep.equal([
      'flush chain inet t rdr',
      'flush chain inet t stranger',
      'delete chain inet t stranger',
      'delete set inet t foreign',
      'flush map inet t ports',
      'add map inet t ports { type inet_service : ipv4_addr; elements = { 1 : a }; }',
      'add chain inet t rdr',
      `add chain inet t in { ${NAT}; policy accept; }`,
      'add rule inet t rdr dnat ip to tcp dport map @ports',
      'add rule inet t in jump rdr',
    ]);
  });

  it('builds upon no table that has what is never written, or is called where it should not be', () => {
    const wanted = table(map('1 : a'), links('x'), { name: 'plain', rules: rules('accept') });
    const odd = [
      '\tflags dormant\n',
      '\tct helper ftp {\n\t}\n',
      '\tcounter many {\n\t}\n',
      '\tchain plain {\n\t\ttype filter hook input priority 0; policy drop;\n\t}\n',
    ];
    const standing = (text: string) => standingIn(`table inet t {\n${text}}\n`, wanted);
    expect(odd.map(standing)).to.deep.equal([null, null, null, null]);
    expect(standing('')).to.deep.equal({ chains: new Map(), lookups: new Map() });
  });
});
