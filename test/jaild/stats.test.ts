import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

const MIB = 1024 ** 2;

interface Stats {
  readonly name: string;
  readonly state: string;
  readonly started_at: string | null;
  readonly cpu_usec: number | null;
  readonly cpu_percent: number | null;
  readonly memory: number | null;
  readonly pids: number | null;
  readonly restarts: number;
  readonly limits: Readonly<Record<string, string>>;
  readonly received_bytes: number | null;
  readonly received_packets: number | null;
  readonly sent_bytes: number | null;
  readonly sent_packets: number | null;
}

interface Network {
  readonly attachment: { readonly kind: string; readonly on: string | null };
  readonly host_link: string | null;
  readonly links: readonly { readonly name: string; readonly mac: string; readonly mtu: number }[];
  readonly addresses: readonly { readonly link: string; readonly address: string; readonly prefix: number }[];
  readonly routes: readonly { readonly to: string; readonly via: string | null }[];
  readonly limits: { readonly egress: number | null; readonly ingress: number | null };
}

describe('what is seen of running jails', () => {
  const instance = new TestInstance();

  const stats = (...names: readonly string[]): readonly Stats[] => {
    const { stdout } = instance.ctl('stats', ...names, '--json');
    return (JSON.parse(stdout) as { readonly jails: readonly Stats[] }).jails;
  };
  const only = (name: string): Stats => {
    const [jail] = stats(name);
    if (jail === undefined) throw new Error(`no figures of ${name}`);
    return jail;
  };
  const network = (name: string): Network | null =>
    (instance.status(name) as unknown as { readonly network: Network | null }).network; // what --json adds with names
  /** What the jail's own kernel says of a link, by way of its own eyes. */
  const counter = (jail: string, name: string, link = 'eth0'): number =>
    Number(instance.ctl('exec', jail, '--', 'cat', `/sys/class/net/${link}/statistics/${name}`).stdout);
  const inside = (jail: string, ...words: readonly string[]): void => {
    const { code, stderr } = instance.ctl('exec', jail, '--', ...words);
    expect([code, stderr]).to.deep.equal([0, '']);
  };

  before(async () => {
    mkdirSync(join(instance.root, 'srv'));
    writeFileSync(join(instance.root, 'srv/file'), '');
    writeFileSync(join(instance.root, 'srv/up'), 'up');
    truncateSync(join(instance.root, 'srv/file'), 4 * MIB);
    instance.configure(`
      * { path = "$root"; command = "/bin/httpd -f -p 80 -h /srv"; }
      server { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; net.egress.max = 512M; }
      client { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; }
      owner { vnet; vnet.interface = lent0; }
      shares { ip4 = inherit; command = "/bin/sleep 1000"; }
      alone { command = "/bin/sleep 1000"; }
      down { ip4.addr = 10.77.0.9; }
    `);
    await instance.start();
    instance.onHost('ip', 'link', 'add', 'lent0', 'type', 'veth', 'peer', 'name', 'peer0');
    instance.onHost('ip', 'addr', 'add', '10.88.0.1/24', 'dev', 'peer0');
    instance.onHost('ip', 'link', 'set', 'peer0', 'up');
    const { code, stderr } = instance.ctl('start', 'server', 'client', 'owner', 'shares', 'alone');
    expect([code, stderr]).to.deep.equal([0, '']);
    const asked = ['exec', 'client', '--', 'wget', '-qO', '/dev/null', 'http://10.77.0.2/up'];
    await instance.until('the server serves', () => instance.ctl(...asked).code === 0);
    inside('owner', 'ip', 'addr', 'add', '10.88.0.2/24', 'dev', 'lent0');
    inside('owner', 'ip', 'link', 'set', 'lent0', 'up');
    inside('owner', 'ip', 'route', 'add', 'default', 'via', '10.88.0.1');
  });

  after(() => instance.close());

  it('counts the bytes of a jail from its own side', () => {
    const before = [only('server'), only('client')] as const;
    inside('client', 'wget', '-qO', '/dev/null', 'http://10.77.0.2/file');
    const after = [only('server'), only('client')] as const;
    const difference = (jail: 0 | 1, key: 'received_bytes' | 'sent_bytes'): number =>
      (after[jail][key] ?? 0) - (before[jail][key] ?? 0);
    for (const bytes of [difference(0, 'sent_bytes'), difference(1, 'received_bytes')])
      expect(bytes)
        .to.be.above(4 * MIB)
        .and.below(4.5 * MIB);
    for (const bytes of [difference(0, 'received_bytes'), difference(1, 'sent_bytes')])
      expect(bytes).to.be.above(100).and.below(MIB);
  });

  it('agrees with what the jail sees itself', () => {
    const figures = () => {
      const { received_bytes, received_packets, sent_bytes, sent_packets } = only('client');
      return [received_bytes, received_packets, sent_bytes, sent_packets].map(Number);
    };
    // Neighbours speak whenever they like.
    const least = figures();
    const seen = ['rx_bytes', 'rx_packets', 'tx_bytes', 'tx_packets'].map((name) => counter('client', name));
    const most = figures();
    seen.forEach((value, index) => expect(value).to.be.within(least[index] ?? NaN, most[index] ?? NaN));
  });

  it('counts an interface of the host in the jail that has it', () => {
    const before = only('owner').received_bytes ?? 0;
    expect(
      instance.onHost('curl', '-sS', '-m', '30', 'http://10.88.0.2/file', '-o', '/dev/null').code,
    ).to.equal(0);
    const { sent_bytes, received_bytes } = only('owner');
    const seen = counter('owner', 'tx_bytes', 'lent0');
    expect(sent_bytes).to.be.above(4 * MIB);
    expect(received_bytes).to.be.above(before);
    expect(seen).to.be.within(sent_bytes ?? NaN, only('owner').sent_bytes ?? NaN);
  });

  it('has no figures of a network that is the host’s, nothing for a loopback alone, null for what is down', () => {
    const figures = ({ received_bytes, received_packets, sent_bytes, sent_packets }: Stats) => [
      ...[received_bytes, received_packets, sent_bytes, sent_packets],
    ];
    expect(figures(only('shares'))).to.deep.equal([null, null, null, null]);
    expect(figures(only('alone'))).to.deep.equal([0, 0, 0, 0]);
    const { name, state, restarts, limits, ...rest } = only('down');
    expect([name, state, restarts, limits]).to.deep.equal(['down', 'stopped', 0, {}]);
    expect(new Set(Object.values(rest))).to.deep.equal(new Set([null]));
  });

  it('shows those that are there, each in a line, with their processes and memory', () => {
    expect(stats().map(({ name }) => name)).to.deep.equal(['server', 'client', 'owner', 'shares', 'alone']);
    const lines = instance.ctl('stats').stdout.trimEnd().split('\n');
    expect(lines).to.have.lengthOf(6);
    expect(lines[0]).to.match(
      /^NAME +CPU +CPU% +MEMORY +LIMIT +PEAK +PIDS +READ +WRITTEN +RECEIVED +PACKETS +SENT +PACKETS +WAITCPU +WAITMEM +WAITIO$/,
    );
    expect(lines[1]).to.match(
      /^server +\d+\.\ds +\d+\.\d +[\d.]+[KM]? .* [45](\.\d)?M +\d+ +(\d+\.\d|-) +(\d+\.\d|-) +(\d+\.\d|-)$/,
    );
    const { cpu_usec, cpu_percent, memory, pids, started_at } = only('server');
    expect([cpu_usec, memory, pids].map((value) => (value ?? 0) > 0)).to.deep.equal([true, true, true]);
    const lived = Date.now() - Date.parse(started_at ?? '');
    expect(cpu_percent).to.be.closeTo((cpu_usec ?? 0) / lived / 10, 5);
  });

  it('shows the network of a jail: links, addresses, routes, limits', () => {
    const seen = network('server');
    const mac = instance.ctl('exec', 'server', '--', 'cat', '/sys/class/net/eth0/address').stdout.trim();
    expect(seen?.attachment).to.deep.equal({ kind: 'routed', on: null });
    expect(instance.onHost('ip', 'link', 'show', seen?.host_link ?? '-').code).to.equal(0);
    expect(seen?.links).to.deep.equal([{ name: 'eth0', mac, mtu: 1500, up: true }]);
    expect(seen?.addresses).to.deep.include.members([
      { link: 'eth0', address: '10.77.0.2', prefix: 32, global: true },
      { link: 'eth0', address: 'fd77::2', prefix: 128, global: true },
    ]);
    expect(seen?.routes.filter(({ to }) => to === 'default')).to.have.lengthOf(2);
    expect(seen?.limits).to.deep.equal({ egress: 512 * MIB, ingress: null });
    const { stdout } = instance.ctl('status', 'server');
    expect(stdout).to.match(/^ {2}network +routed by jl[0-9a-f]{12}$/m);
    expect(stdout).to.match(
      new RegExp(`^ {2}link +eth0 ${mac}, mtu 1500, 10\\.77\\.0\\.2/32, .*fd77::2/128`, 'm'),
    );
    expect(stdout)
      .to.match(/^ {2}route +default via \S+ on eth0/m)
      .and.to.match(/^ {2}rate +sends 512M\/s at most$/m);
  });

  it('shows what a jail has set up itself', () => {
    expect(instance.status('owner').ip4).to.deep.equal(['10.88.0.2']);
    expect(network('owner')?.routes).to.deep.include({
      to: 'default',
      via: '10.88.0.1',
      link: 'lent0',
      source: null,
    });
    expect(instance.ctl('status', 'owner').stdout).to.match(
      /^ {2}link +lent0 .*, mtu 1500, 10\.88\.0\.2\/24/m,
    );
  });

  it('shows whose network a jail without one has, and none for what is down', () => {
    expect(network('shares')).to.deep.include({
      attachment: { kind: 'host', on: null },
      links: [],
      host_link: null,
    });
    expect(network('alone')).to.deep.include({
      attachment: { kind: 'none', on: null },
      links: [],
      host_link: null,
    });
    expect(network('down')).to.equal(null);
  });

  it('is told of a jail that is paused, and of one that ends meanwhile', async () => {
    instance.ctl('pause', 'client');
    expect(network('client')?.links).to.have.lengthOf(1);
    expect(only('client').received_bytes).to.be.above(0);
    instance.ctl('resume', 'client');
    const ending = instance.ctlLater('restart', 'client');
    let over = false;
    void ending.then(() => (over = true));
    const codes = new Set<number | null>();
    while (!over) {
      codes.add(instance.ctl('status', 'client').code);
      codes.add(instance.ctl('stats', 'client', 'owner').code);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([...codes]).to.deep.equal([0]);
  });

  it('is told by a jaild that came later', async () => {
    const { sent_bytes } = only('server');
    await instance.killDaemon();
    await instance.start();
    expect(network('owner')?.links.map(({ name }) => name)).to.deep.equal(['lent0']);
    expect(only('server').sent_bytes).to.be.at.least(sent_bytes ?? NaN);
    expect(only('owner').sent_bytes).to.be.above(4 * MIB);
  });

  it('does not grow with what a jail makes of its network', () => {
    const routes = Array.from({ length: 1500 }, (_, i) => `10.99.${Math.floor(i / 250)}.${(i % 250) + 1}`);
    const batch = routes.map((route) => `route add ${route} dev lent0\n`).join('');
    const words = ['nsenter', '-t', String(instance.status('owner').pid), '-n', 'ip', '-batch', '-'];
    expect(instance.run(words, batch)).to.include({ code: 0, stderr: '' });
    expect(network('owner')?.routes.length).to.be.above(500).and.below(1001);
  });

  it('shows the parameters of the network to jls by name', () => {
    const { stdout } = instance.run([
      instance.bin('jls'),
      '-n',
      '-j',
      'server',
      'name',
      'ip4.addr',
      'net.egress.max',
      'vnet',
      'route',
    ]);
    const routes = [
      'default via 169.254.1.1 on eth0 from 10.77.0.2',
      'default via fe80::1 on eth0 from fd77::2',
    ];
    expect(stdout).to.equal(
      `name=server ip4.addr=10.77.0.2 net.egress.max=512M vnet=new route=${routes.join(',')}\n`,
    );
  });
});
