import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import { masquerades, redirects } from '../../src/config/values/forward.js';
import type { ValueType } from '../../src/config/values/type.js';
import { FirewallTable, nftables } from '../../src/host/firewall-table.js';
import { loopbackLinks } from '../../src/plan/firewall-hairpin.js';
import { rulesetOf } from '../../src/plan/firewall-ruleset.js';
import { tableScript, type Table } from '../../src/plan/firewall-text.js';
import type { FirewallArgs } from '../../src/plan/step.js';
import { describeInNetns } from '../support/netns.js';
import { randomFrom } from '../support/random.js';

const nft = (...args: readonly string[]): string => execFileSync('nft', args, { encoding: 'utf8' });

/** The table as nft(8) tells it, whatever the order of its parts and of their elements. */
const told = (): readonly string[] =>
  nft('list', 'table', 'inet', 'jaild')
    .replace(/^table.*\n(?:\tcomment.*\n)?|\n\}\n$/g, '')
    .split(/\n\n/)
    .map((block) =>
      block.replace(/elements = \{([^}]*)\}/, (_, list: string) =>
        list
          .split(',')
          .map((one) => one.trim())
          .sort()
          .join(),
      ),
    )
    .sort();

/** Stays the same as long as the table is the same one. */
const handle = (): string => /# handle (\d+)/.exec(nft('-a', 'list', 'table', 'inet', 'jaild'))?.[1] ?? '';

function read<T>(type: ValueType<T>, texts: readonly string[]): T {
  const converted = type.convert(texts, false);
  if (!converted.ok) throw new Error(converted.message);
  return converted.value;
}

const FORWARDS: readonly (readonly string[])[] = [
  [],
  ['tcp 8N 80'],
  ['tcp 1N0-1N9', 'udp 5N 53'],
  ['tcp 192.0.2.1:7N 70', 'tcp 8N 80 from 192.0.2.0/24'],
  ['tcp [2001:db8::1]:2N0-2N9', 'udp 6N on eth0'],
];
const LEAVES: readonly (readonly string[])[] = [[], ['from 0.0.0.0/0'], ['on eth0'], ['as 192.0.2.9']];

/** A jail that has something of everything, or little. */
function someJail(at: number, random: () => number): FirewallArgs {
  const pick = (from: readonly (readonly string[])[]): readonly string[] =>
    (from[Math.floor(random() * from.length)] ?? []).map((text) => text.replaceAll('N', String(at)));
  const bridged = random() < 0.3;
  return {
    jail: `j${at}`,
    link: bridged ? 'br0' : `jl${at}`,
    bridged,
    mac: `02:00:00:00:00:0${at}`,
    ip4: [`10.0.0.${at}`],
    ip6: [`fd00::${at}`],
    redirects: read(redirects, pick(FORWARDS)),
    masquerades: read(masquerades, pick(LEAVES)),
    isolated: random() < 0.4,
  };
}

const tableFor = (all: readonly FirewallArgs[]): Table =>
  rulesetOf({ key: '', prefix: '' }, all, loopbackLinks(all));

/** Tables one after another: of up to five jails, one or two of which differ from the one before. */
function someTables(count: number, random: () => number): readonly Table[] {
  const jails = new Map<number, FirewallArgs>();
  const differ = (): void => {
    const at = 1 + Math.floor(random() * 5);
    if (random() < 0.3) jails.delete(at);
    else jails.set(at, someJail(at, random));
  };
  return Array.from({ length: count }, () => {
    differ();
    if (random() < 0.5) differ();
    return tableFor([...jails.values()]);
  });
}

/** A forward of a port. */
const forwarding = (port: number): Table =>
  tableFor([{ ...someJail(1, () => 0.9), redirects: read(redirects, [`tcp ${port} 80`]) }]);

/** What is told after each, when a new one is put in place of the one before. */
async function toldWhenWhole(tables: readonly Table[]): Promise<readonly (readonly string[])[]> {
  const all: (readonly string[])[] = [];
  for (const table of tables) {
    await nftables.run(tableScript(table));
    all.push(told());
  }
  return all;
}

describeInNetns('the table in the kernel', import.meta.url, () => {
  afterEach(() => void nft('flush', 'ruleset'));

  it('comes to be what a new one would be, whatever changes, and is the same one all the time', async () => {
    const seed = Date.now() % 1_000_000;
    const tables = someTables(20, randomFrom(seed));
    let asked = 0;
    const list = (table: string): Promise<string | null> => nftables.list(table).finally(() => asked++);
    const kernel = new FirewallTable('jaild', { ...nftables, list });
    const [all, handles]: [(readonly string[])[], Set<string>] = [[], new Set()];
    for (const table of tables) {
      await kernel.write(table);
      all.push(told());
      handles.add(handle());
    }
    expect([asked, handles.size], `seed ${seed}`).to.deep.equal([1, 1]);
    expect(all, `seed ${seed}`).to.deep.equal(await toldWhenWhole(tables));
  });

  it('does so under later ones, and beside others who change tables', async () => {
    const seed = Date.now() % 1_000_000;
    const tables = someTables(12, randomFrom(seed));
    const [all, handles]: [(readonly string[])[], Set<string>] = [[], new Set()];
    let kernel = new FirewallTable('jaild');
    for (const [at, table] of tables.entries()) {
      if (at % 2 === 0) kernel = new FirewallTable('jaild');
      else nft('add', 'table', 'inet', `other${at}`);
      await kernel.write(table);
      all.push(told());
      handles.add(handle());
    }
    expect(handles.size, `seed ${seed}`).to.equal(1);
    expect(all, `seed ${seed}`).to.deep.equal(await toldWhenWhole(tables));
  });

  it('is right after the next change when somebody has changed it', async () => {
    const deeds: readonly (readonly [isSame: boolean, deed: string])[] = [
      [true, 'flush chain inet jaild rdr'],
      [true, 'flush map inet jaild rdr4'],
      [true, 'insert rule inet jaild guard drop'],
      [true, 'add chain inet jaild guard { policy drop; }'],
      [true, 'add chain inet jaild mine { type filter hook input priority 0; policy drop; }'],
      [true, 'add set inet jaild mine { type ifname; elements = { lo }; }'],
      [true, 'flush chain inet jaild prerouting; delete chain inet jaild prerouting'],
      [false, 'add counter inet jaild mine'],
      [false, 'add table inet jaild { flags dormant; }'],
      [false, 'delete table inet jaild'],
      [false, 'flush ruleset'],
      [
        false,
        `flush chain inet jaild prerouting; delete chain inet jaild prerouting
         add chain inet jaild prerouting { type nat hook prerouting priority 7; }`,
      ],
      [
        false,
        `flush chain inet jaild rdr; delete map inet jaild rdr4
         add map inet jaild rdr4 { type mark : verdict; }`,
      ],
    ];
    const [[whole]] = [await toldWhenWhole([forwarding(81)])];
    for (const [isSame, deed] of deeds) {
      const kernel = new FirewallTable('jaild');
      await kernel.write(forwarding(80));
      const before = handle();
      await nftables.run(`${deed}\n`);
      await kernel.write(forwarding(81));
      expect([deed, told(), handle() === before]).to.deep.equal([deed, whole, isSame]);
    }
  });

  it('stays as it is when nft(8) refuses what is wanted, and can be changed on', async () => {
    const kernel = new FirewallTable('jaild');
    await kernel.write(forwarding(80));
    const before = told();
    const jail = { ...someJail(2, () => 0.9), link: 'sixteen-letters-', isolated: true };
    const refused = await kernel.write(tableFor([jail])).catch((error: Error) => error.message);
    expect(refused).to.match(/^nft: \w/);
    expect(told()).to.deep.equal(before);
    await kernel.write(forwarding(81));
    expect([told()]).to.deep.equal(await toldWhenWhole([forwarding(81)]));
  });

  it('is gone when it is taken away, also twice', async () => {
    const kernel = new FirewallTable('jaild');
    await kernel.write(forwarding(80));
    await kernel.remove();
    await kernel.remove();
    expect(nft('list', 'tables')).to.equal('');
    await kernel.write(forwarding(80));
    expect(nft('list', 'tables')).to.equal('table inet jaild\n');
  });
});
