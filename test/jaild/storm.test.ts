import { expect } from 'chai';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestInstance, type StatusJson } from '../support/instance.js';
import { randomFrom } from '../support/random.js';

const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const SECONDS = 12;

/** Every kind of network, and two versions of the file: what the second says differently, a reload changes live. */
const configuration = (version: 0 | 1): string => `
  * {
    path = "$root"; command = "/bin/sleep 1000"; stop.timeout = 1;
    restart = always; restart.delay = "10ms"; restart.max_delay = "50ms";
  }
  routed {
    ip4.addr = "lan0|10.81.0.2/24"${version === 0 ? '' : ', "lan0|10.81.0.7/24"'}; ip6.addr = "lan0|fd81::2/64";
    nat; rdr += "tcp 8081 80"${version === 0 ? '' : ', "udp 8053 53"'};
    net.egress.max = ${version + 4}M; net.ingress.max = 4M;
  }
  leased { bridge = cells; bridge.subnet = 10.82.0.0/24, "fd82::/64"; isolate; rdr += "tcp 8082 80"; }
  second { bridge = cells; bridge.subnet = 10.82.0.0/24, "fd82::/64"; isolate; net.ingress.max = 8M; }
  joined { bridge = br9; ip4.addr = 10.83.0.${version + 2}/24; ip6.addr = "fd83::2/64"; }
  own { macvlan = lan0; ip4.addr = 10.81.0.3/24; }
  lent { vnet = new; vnet.interface = card0; }
  named { ip4.addr = 10.84.0.3; dns = 10.84.0.1; hosts = depend; depend = routed; }
  crash { ip4.addr = 10.84.0.4; nat; command = "/bin/sleep 0.03"; restart.delay = 0; }
`;
const steady = ['routed', 'leased', 'second', 'joined', 'own', 'lent', 'named'] as const;
const names = [...steady, 'crash'] as const;

/** Interfaces of the host's, each made by its own words; what becomes of one makes the others no different. */
const LINKS = {
  lan0: `
    ip link add lan0 address 02:00:00:00:81:00 type veth peer name lan1 address 02:00:00:00:81:01
    ip link set lan0 addrgenmode none up; ip link set lan1 addrgenmode none up
    ip addr add 10.81.0.1/24 dev lan0
    ip route add 10.91.0.0/16 via 10.81.0.9 dev lan0
    ip neigh add proxy 10.81.0.99 dev lan0`,
  br9: `
    ip link add br9 address 02:00:00:00:09:00 type bridge
    ip link add port0 address 02:00:00:00:09:01 master br9 type veth peer name port1 address 02:00:00:00:09:02
    for link in br9 port0 port1; do ip link set $link addrgenmode none up; done
    ip addr add 10.83.0.1/24 dev br9`,
  card0: `
    ip link add card0 address 02:00:00:00:77:00 type veth peer name card1 address 02:00:00:00:77:01
    ip link set card0 mtu 1400; ip link set card1 addrgenmode none up`,
} as const;

const childrenNamed = (parent: number, name: string): readonly number[] => {
  const children = unless('', () => readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8'));
  return children
    .split(' ')
    .map(Number)
    .filter((pid) => pid > 0 && unless('', () => readFileSync(`/proc/${pid}/comm`, 'utf8')) === `${name}\n`);
};

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)/m.exec(unless('', () => readFileSync(`/proc/${pid}/status`, 'utf8')))?.[1] ?? 0);

/** Whatever is looked for may have ended meanwhile. */
function unless<T>(otherwise: T, look: () => T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

function end(pid: number | null): void {
  if (pid !== null && pid > 1) unless(undefined, () => process.kill(pid, 'SIGKILL'));
}

describe(`the network when everything dies in any order (CHAOS_SEED=${seed})`, () => {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const instance = new TestInstance();
  const said: string[] = [];
  const ip = (...words: readonly string[]): string => instance.onHost('ip', ...words).stdout;
  const sh = (lines: string): string => instance.onHost('sh', '-c', lines).stdout;
  let untouched: readonly string[] = [];
  let up: readonly string[] = [];

  /** All that there is to see of the network, without numbers that are others each time. */
  const everything = (): string[] =>
    [
      ip('-d', 'link')
        .replaceAll(/(_timer|promiscuity|allmulti|numtxqueues) +[\d.]+/g, '')
        .replaceAll(/^\d+: /gm, '')
        .replaceAll(/(\bjq[^\n]*\n *link\/ether) \S+/g, '$1'),
      ip('-o', 'addr').replaceAll(/^\d+: /gm, ''),
      ip('route', 'show', 'table', 'all'),
      ip('-6', 'route', 'show', 'table', 'all'),
      ip('rule') + ip('-6', 'rule'),
      ip('neigh', 'show', 'proxy') + ip('-6', 'neigh', 'show', 'proxy'),
      sh('tc qdisc | sort'),
      sh('nft list ruleset'),
      sh('cd /proc/sys/net; grep -s . ipv[46]/conf/*/* ipv[46]/neigh/*/* ipv4/ip_forward'),
    ]
      .flatMap((text) => text.split('\n'))
      .map((line) =>
        line
          .replace(/@if\d+/, '')
          .replace(/link-netnsid \d+/, '')
          .trim(),
      )
      .filter((line) => !line.includes('stable_secret'));

  const difference = (old: readonly string[], now: readonly string[]): readonly string[] => [
    ...old.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ];

  const inside = (name: string): string =>
    instance
      .ctl('exec', name, 'sh', '-c', 'ip -o addr; ip route; ip -6 route; cat /etc/hosts')
      .stdout.replaceAll(/^\d+: /gm, '')
      .replaceAll(/@if\d+/g, '');

  /** As it is when all is up. The jail that crashes all the time has gone by then. */
  const whenUp = (): string[] => [...everything(), ...steady.flatMap((name) => inside(name).split('\n'))];

  /** What was done, and what jaild said of it; the jail that crashes all the time says too much. */
  const words = (): string => {
    const log = instance.log.split('\n').filter((line) => !line.includes(' crash: '));
    return [`seed ${seed}`, ...said.slice(-40), ...log.slice(-60)].join('\n');
  };

  before(async () => {
    instance.configure(configuration(0));
    await instance.start();
    sh(Object.values(LINKS).join('\n'));
    sh(`
      ip rule add from 10.99.0.0/16 lookup 99; ip route add 10.98.0.0/16 dev lo table 99
      nft 'add table inet mine; add chain inet mine seen { type filter hook forward priority 5; policy accept; }'
      nft 'add rule inet mine seen tcp dport 1 counter drop'
    `);
    untouched = everything();
    const { stderr } = instance.ctl('start', ...steady);
    expect(stderr).to.equal('');
    up = whenUp();
  });

  after(() => instance.close());

  const pidOf = (name: string): number | null => {
    const state = unless(null, () => instance.status(name));
    return state?.pid ?? null;
  };
  const ownLinks = (): readonly string[] =>
    [...ip('-o', 'link').matchAll(/\b(j[lq][0-9a-f]{12}|cells)\b/g)].map(([, name = '']) => name);

  /** The evil that is done, each at a moment of its own. */
  const evils = {
    'kill the jail': (name: string) => end(pidOf(name)),
    'kill its jailer': (name: string) => {
      const pid = pidOf(name);
      if (pid !== null) end(parentOf(pid));
    },
    'kill both': (name: string) => {
      const pid = pidOf(name);
      if (pid === null) return;
      const jailer = parentOf(pid);
      end(jailer);
      end(pid);
    },
    'kill nft': async () => {
      for (const until = Date.now() + 300; Date.now() < until; await sleep(1)) {
        const [nft] = childrenNamed(instance.daemonPid, 'nft');
        if (nft === undefined) continue;
        end(nft);
        break;
      }
    },
    'delete a link of jaild’s': () => {
      const links = ownLinks();
      if (links.length > 0) ip('link', 'del', pick(links));
    },
    'delete a link of the host’s': () => {
      const link = pick(['lan0', 'br9'] as const);
      sh(link === 'lan0' ? 'ip link del lan0' : 'ip link del port0; ip link del br9');
      sh(LINKS[link]);
    },
    'flush the table': () =>
      sh('nft list tables | grep jaild_ | while read word rest; do nft flush $word $rest; done'),
    start: (name: string) => instance.ctlLater('start', name),
    stop: (name: string) => instance.ctlLater('stop', '--cascade', name),
    restart: (name: string) => instance.ctlLater('restart', name),
    reload: () => {
      instance.configure(configuration(pick([0, 1])));
      return instance.ctlLater('reload');
    },
  } as const;

  async function round(): Promise<void> {
    const doing: unknown[] = [];
    for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
      const [evil, name] = [pick(Object.keys(evils) as (keyof typeof evils)[]), pick(names)];
      said.push(`${evil}: ${name}`);
      doing.push(evils[evil](name));
      await sleep(Math.floor(random() * 60));
    }
    if (random() < 0.4) {
      said.push('kill jaild');
      await instance.killDaemon();
      if (random() < 0.3)
        for (const evil of ['delete a link of jaild’s', 'delete a link of the host’s'] as const) {
          said.push(`meanwhile ${evil}`);
          evils[evil]();
        }
      // What jails were given to keep goes with var/lib/jaild: that is not to be lost by anybody.
      if (random() < 0.2) {
        said.push('meanwhile remove firewall.json');
        rmSync(join(instance.prefix, 'run/jaild/firewall.json'), { force: true });
      }
      await instance.start();
    }
    await Promise.all(doing);
  }

  it('gives every jail its whole network back', async () => {
    for (const until = Date.now() + SECONDS * 1000; Date.now() < until;) await round();
    instance.configure(configuration(0));
    instance.ctl('reload');
    expect(instance.ctl('stop', 'crash').code, words()).to.equal(0);
    const old = steady.map(pidOf);
    old.forEach(end);
    const isAnother = ({ state, pid }: StatusJson): boolean => state === 'running' && !old.includes(pid);
    await instance.until('all run', () => {
      instance.ctl('start', ...steady);
      return steady.every((name) => isAnother(instance.status(name)));
    });
    expect(instance.ctl('reload').stderr, words()).to.equal('');
    // The kernel tells of what has come to an interface a moment later.
    for (let tries = 0; tries < 50 && difference(up, whenUp()).length > 0; tries++) await sleep(100);
    expect(difference(up, whenUp()), words()).to.deep.equal([]);
  });

  it('leaves nothing, and all that is not jaild’s as it was', () => {
    const { code, stderr } = instance.ctl('stop', '-a');
    expect([code, stderr], words()).to.deep.equal([0, '']);
    expect(difference(untouched, everything()), words()).to.deep.equal([]);
    expect(
      readdirSync(join(instance.prefix, 'run/jaild')).filter((name) =>
        (names as readonly string[]).includes(name),
      ),
      words(),
    ).to.deep.equal([]);
  });
});
