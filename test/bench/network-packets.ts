import { Apart } from '../support/apart.js';
import { TestInstance } from '../support/instance.js';
import { inside, installPackets, onDisk, onHost, PORT, SERVE, type Place } from '../support/packets.js';
import { CniBridge, hasCni } from './cni.js';
import type { Line } from './report.js';
import { race, type Attempt } from './statistics.js';

const TRIPS = 2000;
const STREAM_MS = 300;
const ROUNDS = 7;
/** An address of the host that forwards. */
const HOST = '10.77.0.254';

/** A way from a client to a server. */
interface Way {
  readonly what: string;
  readonly from: Place;
  readonly address: string;
  readonly port?: number;
}

/** The most that a jail may take, as a ratio: round trips, bytes. */
interface Budget {
  readonly trips: number;
  readonly bytes: number;
}

/** Round trips and bytes by TCP: host to jail, jail to jail, each beside a plain pair of namespaces and CNI's bridge. */
export async function measurePackets(): Promise<readonly Line[]> {
  const instance = new TestInstance();
  const ends: (() => Promise<void> | void)[] = [];
  try {
    installPackets(instance);
    instance.configure(`
      * { path = "$root"; command = "${SERVE}"; }
      a { ip4.addr = 10.77.0.2; }
      b { ip4.addr = 10.77.0.3; }
      c { bridge = br77; bridge.subnet = "10.88.0.0/24"; ip4.addr = 10.88.0.2/24; }
      d { bridge = br77; bridge.subnet = "10.88.0.0/24"; ip4.addr = 10.88.0.3/24; }
      e { ip4.addr = 10.77.0.4; rdr = "tcp 8007 ${PORT}"; }
    `);
    await instance.start();
    instance.onHost('ip', 'addr', 'add', `${HOST}/32`, 'dev', 'lo');
    const { code, stderr } = instance.ctl('start', '-a');
    if (code !== 0) throw new Error(stderr);
    const plain = await plainPair(onDisk(instance, '/bin/packets'), ends);
    const cni = hasCni() ? await cniPair(instance, ends) : null;
    if (cni === null) process.stderr.write('bench: left out: CNI (package containernetworking-plugins)\n');
    return await compare(instance, plain, cni);
  } finally {
    for (const end of ends.reverse()) await end();
    await instance.close();
  }
}

/** Two namespaces that a veth joins, made by ip(8); one serves. */
async function plainPair(program: string, ends: (() => Promise<void> | void)[]): Promise<Way> {
  const [client, server] = [await Apart.make(), await Apart.make()];
  ends.push(
    () => client.end(),
    () => server.end(),
  );
  client.run(
    'ip',
    'link',
    'add',
    'eth0',
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    String(server.pid),
  );
  [client, server].forEach((one, index) => {
    one.run('ip', 'addr', 'add', `10.66.0.${index + 1}/24`, 'dev', 'eth0');
    one.run('ip', 'link', 'set', 'eth0', 'up');
  });
  await server.serve(program, 'serve', String(PORT));
  return {
    what: 'a plain veth',
    from: (_program, ...words) => client.run(program, ...words),
    address: '10.66.0.2',
  };
}

/** Two namespaces on CNI's bridge; one serves. */
async function cniPair(instance: TestInstance, ends: (() => Promise<void> | void)[]): Promise<Way> {
  const host = await Apart.make();
  ends.push(() => host.end());
  const cni = new CniBridge(host, instance.prefix);
  ends.push(() => cni.close());
  const [client, server] = [`jaild-bench-${process.pid}a`, `jaild-bench-${process.pid}b`];
  cni.join(client);
  const address = cni.join(server);
  const program = onDisk(instance, '/bin/packets');
  await host.serve('ip', 'netns', 'exec', server, program, 'serve', String(PORT));
  const from: Place = (_program, ...words) => host.run('ip', 'netns', 'exec', client, program, ...words);
  return { what: 'CNI bridge', from, address };
}

async function compare(instance: TestInstance, plain: Way, cni: Way | null): Promise<readonly Line[]> {
  const host = onHost(instance);
  const ways = {
    toJail: { what: 'host to jail', from: host, address: '10.77.0.2' },
    routed: { what: 'jail to jail, routed', from: inside(instance, 'a'), address: '10.77.0.3' },
    bridged: { what: 'jail to jail, on a bridge', from: inside(instance, 'c'), address: '10.88.0.3' },
    forwarded: { what: 'jail to jail, through rdr', from: inside(instance, 'a'), address: HOST, port: 8007 },
  } satisfies Record<string, Way>;
  const all: Readonly<Record<string, Way>> = { ...ways, plain, ...(cni === null ? {} : { cni }) };
  const trips = await race(attempts(all, tripsOf), ROUNDS, 1);
  const bytes = await race(attempts(all, bytesOf), ROUNDS, 1);
  const lines = (name: keyof typeof ways, peer: 'plain' | 'cni', budget: Budget): readonly Line[] => {
    const of = (figures: Readonly<Record<string, number>>, what: string) => ({
      what: `${ways[name].what}: ${what}`,
      figure: figures[name] ?? NaN,
      peer: { name: all[peer]?.what ?? '', figure: figures[peer] ?? NaN },
    });
    return [
      { ...of(trips, 'round trip'), unit: 'µs', budget: budget.trips },
      { ...of(bytes, '1 GB'), unit: 'ms', budget: budget.bytes },
    ];
  };
  return [
    ...lines('toJail', 'plain', { trips: 1.3, bytes: 1.3 }),
    ...lines('routed', 'plain', { trips: 1.6, bytes: 1.8 }),
    ...lines('bridged', 'plain', { trips: 1.6, bytes: 1.8 }),
    ...lines('forwarded', 'plain', { trips: 1.8, bytes: 2 }),
    ...(cni === null ? [] : lines('bridged', 'cni', { trips: 1.2, bytes: 1.2 })),
  ];
}

function attempts(
  ways: Readonly<Record<string, Way>>,
  attempt: (way: Way) => Attempt,
): Readonly<Record<string, Attempt>> {
  return Object.fromEntries(Object.entries(ways).map(([name, way]) => [name, attempt(way)]));
}

/** Microseconds of one byte there and back. */
function tripsOf({ from, address, port = PORT, what }: Way): Attempt {
  return () => figure(what, from('/bin/packets', 'trips', address, String(port), String(TRIPS)));
}

/** Milliseconds of a gigabyte. */
function bytesOf({ from, address, port = PORT, what }: Way): Attempt {
  return async () =>
    1e6 / (await figure(what, from('/bin/packets', 'stream', address, String(port), String(STREAM_MS))));
}

function figure(what: string, said: string): Promise<number> {
  return Number(said) > 0 ? Promise.resolve(Number(said)) : Promise.reject(new Error(`${what}: ${said}`));
}
