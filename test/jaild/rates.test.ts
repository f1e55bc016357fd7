import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

const MIB = 1024 ** 2;
/** What a limited jail is asked for, and one that is not. */
const [LITTLE, MUCH] = [3 * MIB, 64 * MIB];
const LIMIT = 4 * MIB;
const TRIES = 12;
/** Only without a limit is anything as fast, also on a busy host. */
const FAST = 20 * MIB;

const JAILS = [
  'free',
  'sender',
  'receiver',
  'both',
  'port',
  'beside',
  'sending',
  'taking',
  'plain',
  'unlimited',
];

describe('a jail with a limit of its rate', () => {
  const instance = new TestInstance();

  /** Bytes per second at which the host gets a file from an address. */
  const fetched = (address: string, file: string): number => {
    const url = `http://${address}/${file}`;
    const words = ['-gsS', '-m', '100', '-o', '/dev/null', '-w', '%{speed_download}', url];
    return Number(instance.onHost('curl', ...words).stdout);
  };
  /** Bytes per second at which a jail gets a file from an address. */
  const received = (jail: string, address: string, file: string, size: number): number => {
    // By a clock in the jail: a busy host may take long until the command begins.
    const clock = (name: string): string => `read ${name} rest </proc/uptime`;
    const command = `${clock('began')}; wget -qO /dev/null 'http://${address}/${file}' && ${clock('ended')}; echo $began $ended`;
    const { code, stdout, stderr } = instance.ctl('exec', jail, '--', 'sh', '-c', command);
    expect([code, stderr]).to.deep.equal([0, '']);
    const [began = NaN, ended = NaN] = stdout.trim().split(' ').map(Number);
    return size / Math.max(0.01, ended - began);
  };
  /** A busy host may make a measurement too low, never too high: the first that is high enough, or the highest of many. */
  const best = (enough: number, measure: () => number): number => {
    const rates: number[] = [];
    do rates.push(measure());
    while (rates.length < TRIES && (rates.at(-1) ?? 0) < enough);
    return Math.max(...rates);
  };
  const isHeld = (measure: () => number): void =>
    void expect(best(0.85 * LIMIT, measure)).to.be.within(0.85 * LIMIT, 1.15 * LIMIT);
  const isFree = (measure: () => number): void => void expect(best(FAST, measure)).to.be.above(FAST);
  const devices = (): readonly string[] =>
    instance
      .onHost('ip', '-o', 'link', 'show', 'type', 'ifb')
      .stdout.split('\n')
      .filter((line) => line !== '');

  before(async () => {
    mkdirSync(join(instance.root, 'srv'));
    for (const [name, size] of [
      ['little', LITTLE],
      ['much', MUCH],
    ] as const) {
      writeFileSync(join(instance.root, 'srv', name), '');
      truncateSync(join(instance.root, 'srv', name), size);
    }
    instance.configure(`
      * { path = "$root"; command = "/bin/httpd -f -p 80 -h /srv"; }
      free { ip4.addr = 10.77.0.2; ip6.addr = "fd77::2"; }
      sender { ip4.addr = 10.77.0.3; ip6.addr = "fd77::3"; net.egress.max = 4M; }
      receiver { ip4.addr = 10.77.0.4; ip6.addr = "fd77::4"; net.ingress.max = 4M; }
      both { ip4.addr = 10.77.0.5; net.ingress.max = 4M; net.egress.max = 4M; vnet; mtu = 9000; }
      port { bridge = br7; ip4.addr = 10.78.0.2/24; net.ingress.max = 4M; net.egress.max = 4M; }
      beside { bridge = br7; ip4.addr = 10.78.0.3/24; }
      sending { macvlan = wire0; ip4.addr = 10.79.0.2/24; net.egress.max = 4M; }
      taking { macvlan = wire0; ip4.addr = 10.79.0.3/24; net.ingress.max = 4M; }
      plain { macvlan = wire0; ip4.addr = 10.79.0.4/24; }
      unlimited { ip4.addr = 10.77.0.6; net.egress.max = max; }
    `);
    await instance.start();
    instance.onHost('ip', 'link', 'add', 'br7', 'type', 'bridge');
    instance.onHost('ip', 'addr', 'add', '10.78.0.1/24', 'dev', 'br7');
    instance.onHost('ip', 'link', 'add', 'wire0', 'type', 'veth', 'peer', 'name', 'wire1');
    for (const link of ['br7', 'wire0', 'wire1']) instance.onHost('ip', 'link', 'set', link, 'up');
    const { code, stderr } = instance.ctl('start', '-a');
    expect([code, stderr]).to.deep.equal([0, '']);
    const listens = (jail: string): boolean =>
      / 0A /.test(instance.ctl('exec', jail, '--', 'cat', '/proc/net/tcp', '/proc/net/tcp6').stdout);
    for (const jail of JAILS) await instance.until(`${jail} listens`, () => listens(jail));
  });

  after(() => instance.close());

  it('sends no faster, over IPv4 and IPv6', () => {
    isHeld(() => fetched('10.77.0.3', 'little'));
    isHeld(() => fetched('[fd77::3]', 'little'));
  });

  it('sends to another jail no faster', () => {
    isHeld(() => received('free', '10.77.0.3', 'little', LITTLE));
  });

  it('receives no faster, over IPv4 and IPv6', () => {
    isHeld(() => received('receiver', '10.77.0.2', 'little', LITTLE));
    isHeld(() => received('receiver', '[fd77::2]', 'little', LITTLE));
  });

  it('is limited one way only, when only one is limited', () => {
    isFree(() => received('sender', '10.77.0.2', 'much', MUCH));
    isFree(() => fetched('10.77.0.4', 'much'));
  });

  it('is limited both ways, with large packets too', () => {
    isHeld(() => fetched('10.77.0.5', 'little'));
    isHeld(() => received('both', '10.77.0.2', 'little', LITTLE));
  });

  it('cannot take its limits away, even with the right to change its own network', () => {
    const words = 'ip link set eth0 mtu 1400 && ip link set lo down && ip link set lo up';
    const { code, stderr } = instance.ctl('exec', 'both', '--', 'sh', '-c', words);
    expect([code, stderr]).to.deep.equal([0, '']);
    isHeld(() => fetched('10.77.0.5', 'little'));
    isHeld(() => received('both', '10.77.0.2', 'little', LITTLE));
  });

  it('is limited on a bridge', () => {
    isHeld(() => fetched('10.78.0.2', 'little'));
    isHeld(() => received('port', '10.78.0.3', 'little', LITTLE));
  });

  it('is limited with a device of its own on an interface of the host', () => {
    isHeld(() => received('plain', '10.79.0.2', 'little', LITTLE));
    isHeld(() => received('taking', '10.79.0.4', 'little', LITTLE));
    isFree(() => received('sending', '10.79.0.4', 'much', MUCH));
    isFree(() => received('plain', '10.79.0.3', 'much', MUCH));
  });

  it('is as fast as any other without one, or with max', () => {
    isFree(() => fetched('10.77.0.2', 'much'));
    isFree(() => fetched('10.77.0.6', 'much'));
  });

  it('has a device on the host for what it sends, with the mark of its jaild, and none else', () => {
    expect(devices()).to.have.lengthOf(3);
    for (const line of devices())
      expect(line).to.match(/^\d+: jq[0-9a-f]{12}: .*\balias jaild-[0-9a-f]{8} (sender|both|port)\b/);
  });

  it('is given other limits while it runs, and none', () => {
    const set = (...words: readonly string[]): void => {
      const { code, stderr } = instance.ctl('set', 'receiver', ...words);
      expect([code, stderr]).to.deep.equal([0, '']);
    };
    const { pid } = instance.status('receiver');
    set('net.ingress.max=max', 'net.egress.max=4M');
    isFree(() => received('receiver', '10.77.0.2', 'much', MUCH));
    isHeld(() => fetched('10.77.0.4', 'little'));
    set('net.egress.max=1G');
    isFree(() => fetched('10.77.0.4', 'much'));
    set('net.egress.max=max');
    expect(devices()).to.have.lengthOf(3);
    expect(instance.status('receiver').pid).to.equal(pid);
  });

  it('leaves nothing on the host when it stops', () => {
    instance.ctl('stop', '-a');
    expect(devices()).to.deep.equal([]);
  });

  it('keeps its device when jaild ends, and leaves none when it ends while there is no jaild', async () => {
    instance.ctl('start', 'sender');
    const { pid } = instance.status('sender');
    await instance.killDaemon();
    expect(devices()).to.have.lengthOf(1);
    process.kill(pid ?? 0, 'SIGKILL');
    await instance.start();
    await instance.until('sender has ended', () => instance.ctl('stop', 'sender').code === 0);
    expect(devices()).to.deep.equal([]);
  });
});
