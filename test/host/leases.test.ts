import { expect } from 'chai';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { JailParams } from '../../src/config/params.js';
import { SystemError } from '../../src/host/error.js';
import { LeaseStore } from '../../src/host/leases.js';
import type { BridgeFacts } from '../../src/plan/facts.js';
import type { Instance } from '../../src/plan/instance.js';
import { temporaryInstance } from '../support/cgroup-life.js';
import { jail } from '../support/stage.js';

const onBridge: JailParams = { bridge: 'br0', 'bridge.subnet': [{ address: '10.88.0.0', prefix: 29 }] };
const onAuto: JailParams = { bridge: 'jails', 'bridge.subnet': ['auto'] };
const at = (address: string): JailParams => ({ 'ip4.addr': [{ address, prefix: 32, words: [] }] });

describe('addresses of jails on bridges', () => {
  let instance: Instance;
  let remove: () => void;
  beforeEach(() => ({ instance, remove } = temporaryInstance()));
  afterEach(() => remove());

  const file = (): string => `${instance.stateDirectory}/leases.json`;
  const open = (now = 0): LeaseStore =>
    LeaseStore.open(instance, now, [{ address: '10.209.0.0', prefix: 16 }, 'auto']);
  const facts = (store: LeaseStore, name: string, values = onBridge): Promise<BridgeFacts | null> =>
    store.bridgeOf(jail(name, values), [], 0);
  const lease = async (store: LeaseStore, name: string, values = onBridge): Promise<readonly string[]> =>
    ((await facts(store, name, values))?.leased ?? []).map(({ address }) => address);
  const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

  it('come with those of the host, and are no matter of jails without such a bridge', async () => {
    const store = open();
    expect(await facts(store, 'a')).to.deep.equal({
      subnets: [{ address: '10.88.0.1', prefix: 29 }],
      leased: [{ address: '10.88.0.2', prefix: 29 }],
    });
    expect(await facts(store, 'b', { bridge: 'br0' })).to.equal(null);
    expect(await facts(store, 'c', {})).to.equal(null);
    expect(await facts(store, 'd', { ...onBridge, ip4: 'disable' })).to.deep.include({ leased: [] });
  });

  it('are remembered by the next jaild, in a file that only root reads', async () => {
    const store = open();
    const jails = ['a', 'b', 'c'].map((name) => jail(name, onBridge));
    store.acquaint(jails);
    expect((await Promise.all(jails.map(({ name }) => lease(store, name)))).flat()).to.deep.equal([
      '10.88.0.2',
      '10.88.0.3',
      '10.88.0.4',
    ]);
    expect(JSON.parse(readFileSync(file(), 'utf8'))).to.deep.equal({
      version: 1,
      leases: {
        a: { at: 0, ip4: '10.88.0.2' },
        b: { at: 0, ip4: '10.88.0.3' },
        c: { at: 0, ip4: '10.88.0.4' },
      },
      bridges: {},
    });
    expect(statSync(file()).mode & 0o777).to.equal(0o600);
    const next = open();
    next.acquaint(jails.slice(1));
    expect([await lease(next, 'c'), await lease(next, 'b'), await lease(next, 'd')]).to.deep.equal([
      ['10.88.0.4'],
      ['10.88.0.3'],
      ['10.88.0.5'],
    ]);
  });

  it('are written by as few writes as there is time for, and only when something is another', async () => {
    const store = open();
    await lease(store, 'a');
    const { ino } = statSync(file());
    await lease(store, 'a');
    expect(statSync(file()).ino).to.equal(ino);
  });

  it('are none that a jail of the files writes, before or after they were given', async () => {
    const store = open();
    const files = [
      jail('own', at('10.88.0.2')),
      jail('way', { gateway: ['10.88.0.3'] }),
      jail('a', onBridge),
    ];
    store.acquaint(files);
    expect(await lease(store, 'a')).to.deep.equal(['10.88.0.4']);
    store.acquaint([...files, jail('late', at('10.88.0.4'))]);
    expect(await lease(store, 'a')).to.deep.equal(['10.88.0.5']);
  });

  it('are not what the jail itself is told of as its gateway', async () => {
    const host = { ...onBridge, 'bridge.subnet': [{ address: '10.88.0.1', prefix: 29 }] };
    expect(await lease(open(), 'b', { ...host, gateway: ['10.88.0.2'] })).to.deep.equal(['10.88.0.3']);
  });

  it('are none of a jail that is in no file and about to start, or runs', async () => {
    const store = open();
    await facts(store, 'adhoc', at('10.88.0.2'));
    expect(await lease(store, 'a')).to.deep.equal(['10.88.0.3']);
    const next = open();
    rmSync(file());
    mkdirSync(`${instance.runDirectory}/old`, { recursive: true });
    next.hold('old', ['10.88.0.2']);
    expect(await lease(next, 'b')).to.deep.equal(['10.88.0.4']);
  });

  it('are those that jails run with when the file was damaged, which is kept', async () => {
    await lease(open(), 'a');
    for (const [time, broken] of [
      '{"version":1,"lea',
      '{"version":1,"leases":{"a":{"at":1,"ip4":"10.0.0.1"},"b":{"at":1,"ip4":"10.0.0.1"}},"bridges":{}}',
      '{"version":1,"leases":{},"bridges":{"br0":[{"address":"x","prefix":24}]}}',
      '[]',
    ].entries()) {
      writeFileSync(file(), broken);
      const store = open(time);
      expect(store.damage?.message).to.equal(`read ${file()}: Illegal byte sequence`);
      expect(readFileSync(`${file()}.broken-${time}`, 'utf8')).to.equal(broken);
      mkdirSync(`${instance.runDirectory}/b`, { recursive: true });
      store.hold('b', ['10.88.0.2']);
      expect([await lease(store, 'a'), await lease(store, 'b')]).to.deep.equal([
        ['10.88.0.3'],
        ['10.88.0.2'],
      ]);
    }
  });

  it('that cannot be written down are not given out, and are when they can', async () => {
    const store = open();
    mkdirSync(file(), { recursive: true });
    const failures = await Promise.all([outcome(lease(store, 'a')), outcome(lease(store, 'b'))]);
    for (const failure of failures) expect(failure).to.be.instanceOf(SystemError);
    expect(String(failures[0])).to.contain(file());
    rmSync(file(), { recursive: true });
    expect(await lease(store, 'b')).to.deep.equal(['10.88.0.2']);
  });

  it('are given back, and taken from whoever is gone when there are no more', async () => {
    const store = open();
    store.acquaint(['a', 'b', 'c', 'd'].map((name) => jail(name, onBridge)));
    for (const name of ['a', 'b', 'c', 'd', 'guest']) await lease(store, name);
    store.giveBack('guest');
    expect(await lease(store, 'other')).to.deep.equal(['10.88.0.6']);
    const error = await outcome(lease(store, 'more'));
    expect(String(error)).to.contain('lease an address of 10.88.0.1/29 for more: No space left on device');
    expect((error as SystemError).hint).to.contain('bridge.subnet');
    store.acquaint([jail('a', onBridge)]);
    mkdirSync(`${instance.runDirectory}/b`, { recursive: true });
    const next = open();
    next.acquaint([jail('a', onBridge)]);
    expect(await lease(next, 'more')).to.deep.equal(['10.88.0.4']);
  });

  describe('that jaild chooses subnets for', () => {
    it('get one of each family, which the bridge keeps', async () => {
      const store = open();
      const first = await facts(store, 'a', onAuto);
      expect(first?.subnets.map(({ prefix }) => prefix)).to.deep.equal([24, 64]);
      expect(first?.subnets[0]?.address).to.match(/^10\.209\.\d+\.1$/);
      expect(first?.subnets[1]?.address).to.match(/^fd[0-9a-f:]+:[0-9a-f]+::1$/);
      const other = await facts(store, 'b', { ...onAuto, bridge: 'other' });
      expect(other?.subnets).not.to.deep.equal(first?.subnets);
      const next = open();
      expect(await facts(next, 'a', onAuto)).to.deep.equal(first);
      expect(await facts(next, 'b', { ...onAuto, bridge: 'other' })).to.deep.equal(other);
    });

    it('get one beside what is written for the other family', async () => {
      const written = { address: '10.88.0.0', prefix: 24 };
      const both = await facts(open(), 'a', { ...onAuto, 'bridge.subnet': [written, 'auto'] });
      expect(both?.subnets.map(({ prefix }) => prefix)).to.deep.equal([24, 64]);
      expect(both?.subnets[0]?.address).to.equal('10.88.0.1');
    });

    it('are told what to set when there are no more', async () => {
      const pool = [{ address: '10.209.0.0', prefix: 24 }] as const;
      const store = LeaseStore.open(instance, 0, pool);
      await facts(store, 'a', onAuto);
      const error = (await outcome(facts(store, 'b', { ...onAuto, bridge: 'other' }))) as SystemError;
      expect([error.message, error.hint]).to.deep.equal([
        'assign IPv4 subnet for bridge other: No space left on device',
        'all that network.subnets of jaild.ini has is used: give it more, or write bridge.subnet out',
      ]);
      const none = await outcome(facts(LeaseStore.open(instance, 0, []), 'c', { ...onAuto, bridge: 'c' }));
      expect((none as SystemError).hint).to.equal('network.subnets of jaild.ini has none to give');
    });
  });
});
