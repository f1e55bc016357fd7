import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Firewall } from '../../src/host/firewall.js';
import { nftables, type Nftables } from '../../src/host/firewall-table.js';
import { runNft } from '../../src/host/nft.js';
import { instanceBelow } from '../../src/plan/instance.js';
import type { FirewallArgs } from '../../src/plan/step.js';
import { describeInNetns } from '../support/netns.js';
import { temporaryDirectory } from '../support/temporary.js';

const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const nft = (...args: string[]): string => execFileSync('nft', args, { encoding: 'utf8' });
const localnet = (link: string): string =>
  readFileSync(`/proc/sys/net/ipv4/conf/${link}/route_localnet`, 'utf8').trim();

function share(jail: string, port: number, more: Partial<FirewallArgs> = {}): FirewallArgs {
  const ports = { first: port, last: port };
  return {
    jail,
    link: `jl${jail}`,
    bridged: false,
    mac: '02:00:00:00:00:01',
    ip4: ['10.0.0.1'],
    ip6: ['fd00::1'],
    masquerades: [],
    redirects: [{ protocol: 'tcp', hostPorts: ports, jailPorts: ports, from: [] }],
    isolated: false,
    ...more,
  };
}

/** What an attempt failed with, in words. */
const failure = (attempt: Promise<void>): Promise<unknown> =>
  attempt.then(
    () => null,
    (error: Error & { hint?: string }) => `${error.message} / ${error.hint ?? ''}`,
  );

/** An nft(8) whose runs end when the test says so, and that never knows what stands. */
class HeldNft implements Nftables {
  readonly scripts: string[] = [];
  readonly list = (): Promise<null> => Promise.resolve(null);
  readonly generation = (): null => null;
  #ends: ((error?: Error) => void)[] = [];

  readonly run = (script: string): Promise<void> => {
    this.scripts.push(script);
    return new Promise((resolve, reject) =>
      this.#ends.push((error) => (error === undefined ? resolve() : reject(error))),
    );
  };

  /** Ends the run that has been asked for, and lets whoever waits for it go on. */
  async end(error?: Error): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#ends.shift()?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** The ports that each script forwards. */
  get ports(): readonly string[] {
    return this.scripts.map((script) =>
      [...script.matchAll(/tcp \. (\d+) : 10/g)].map(([, port]) => port).join(),
    );
  }
}

describeInNetns('the packet filter', import.meta.url, () => {
  const fresh = () => {
    const instance = instanceBelow(temporaryDirectory());
    mkdirSync(instance.runDirectory, { recursive: true });
    return { instance, marker: `${instance.runDirectory}/firewall.json` };
  };

  it('writes changes together that come while one is written', async () => {
    const held = new HeldNft();
    const firewall = new Firewall(fresh().instance, held);
    const all = [firewall.set(share('a', 1)), firewall.set(share('b', 2)), firewall.set(share('c', 3))];
    all.push(firewall.remove('a'));
    await held.end();
    await held.end();
    await Promise.all(all);
    expect(held.ports).to.deep.equal(['1', '2,3']);
  });

  it('keeps the others when nft(8) refuses one of several, and all as it was', async () => {
    const held = new HeldNft();
    const firewall = new Firewall(fresh().instance, held);
    const first = firewall.set(share('a', 1));
    const [bad, good] = [failure(firewall.set(share('b', 2))), firewall.set(share('c', 3))];
    await held.end();
    await first;
    await held.end(new Error('no'));
    await held.end(new Error('no'));
    await held.end();
    await good;
    expect(await bad).to.equal('no / ');
    expect(held.ports).to.deep.equal(['1', '1,2,3', '1,2', '1,3']);
  });

  it('is begun before a jail has its link, and asked once', async () => {
    const held = new HeldNft();
    const firewall = new Firewall(fresh().instance, held);
    const args = share('a', 1);
    firewall.begin(args);
    const set = firewall.set(args);
    await held.end();
    await set;
    expect(held.ports).to.deep.equal(['1']);
  });

  it('has nothing of a jail for which it was begun only', async () => {
    const held = new HeldNft();
    const firewall = new Firewall(fresh().instance, held);
    firewall.begin(share('a', 1));
    const removed = firewall.remove('a');
    await held.end();
    await held.end();
    await removed;
    expect([held.scripts.length, held.ports.at(-1)]).to.deep.equal([2, '']);
  });

  it('never asks nft(8) for jails that have nothing in it', async () => {
    const held = new HeldNft();
    const { instance, marker } = fresh();
    const firewall = new Firewall(instance, held);
    await firewall.remove('a');
    await firewall.renew();
    await firewall.restore([]);
    expect([held.scripts, existsSync(marker)]).to.deep.equal([[], false]);
  });

  it('refuses a port that another jail has or asks for at the same time', async () => {
    const held = new HeldNft();
    const firewall = new Firewall(fresh().instance, held);
    const kept = [firewall.set(share('a', 1)), firewall.set(share('b', 2))];
    const refused = [firewall.set(share('c', 2)), firewall.set(share('d', 1))].map(failure);
    await held.end();
    await held.end();
    await Promise.all(kept);
    expect(await Promise.all(refused)).to.deep.equal([
      'rdr tcp 2: Address already in use / b has it: take another one',
      'rdr tcp 1: Address already in use / a has it: take another one',
    ]);
    expect(held.ports).to.deep.equal(['1', '1,2']);
  });

  it('changes nothing of what an earlier one left until it knows whose jails run on', async () => {
    const held = new HeldNft();
    const { instance } = fresh();
    const earlier = new Firewall(instance, { ...nftables, run: () => Promise.resolve() });
    await earlier.set(share('a', 1));
    const later = new Firewall(instance, held);
    const set = later.set(share('new', 5));
    await later.remove('gone');
    await held.end();
    expect(held.scripts).to.deep.equal([]);
    const restored = later.restore([share('a', 1), share('gone', 4)]);
    await held.end();
    await Promise.all([set, restored]);
    expect(held.ports).to.deep.equal(['1,5']);
  });

  it('takes away what an earlier one left when none of its jails runs on', async () => {
    const { instance, marker } = fresh();
    nft('add', 'table', 'inet', 'mine');
    await new Firewall(instance).set(share('a', 1));
    expect(nft('list', 'tables').split('\n')).to.have.lengthOf(3);
    await new Firewall(instance).restore([]);
    expect([nft('list', 'tables'), existsSync(marker)]).to.deep.equal(['table inet mine\n', false]);
    nft('delete', 'table', 'inet', 'mine');
  });

  it('says which package is missing, and leaves no trace', async () => {
    const { instance, marker } = fresh();
    const firewall = new Firewall(instance, { ...nftables, run: (script) => runNft(script, '/nowhere') });
    expect(await failure(firewall.set(share('a', 1)))).to.equal(
      'run nft: No such file or directory / install the package nftables: nat, rdr and isolate take nft(8)',
    );
    expect(existsSync(marker)).to.equal(false);
  });

  it('fails with the words of nft(8), and leaves what is in force', async () => {
    const firewall = new Firewall(fresh().instance);
    await firewall.set(share('a', 1));
    const before = nft('list', 'ruleset');
    expect(await failure(firewall.set(share('b', 2, { link: 'sixteen-letters-' })))).to.match(
      /^nft: .*\w.* \/ at: set rdr_links /,
    );
    expect(nft('list', 'ruleset')).to.equal(before);
    await firewall.remove('a');
    expect(nft('list', 'ruleset')).to.equal('');
  });

  it('lets answers to loopback addresses in where they are needed, and only as long', async () => {
    const { instance, marker } = fresh();
    ip('link', 'add', 'jla', 'type', 'veth', 'peer', 'name', 'other');
    for (const link of ['jla', 'other']) ip('link', 'set', link, 'up');
    const routes = (link = 'jla'): string =>
      ip('-6', 'route', 'show', 'table', 'local', '::1', 'dev', link).trim();
    const before = routes();
    const firewall = new Firewall(instance);
    await firewall.set(share('a', 1));
    expect([localnet('jla'), routes()]).to.deep.equal([
      '1',
      'local ::1 proto static metric 2048 pref medium',
    ]);
    expect(readFileSync(marker, 'utf8')).to.equal('{"ip4":["jla"],"ip6":["jla"]}');
    await firewall.set(share('c', 3, { link: 'other' }));
    expect([localnet('other'), routes('other')]).to.deep.equal([localnet('jla'), routes('jla')]);
    await firewall.set(share('b', 2, { redirects: [], isolated: true }));
    // A later one finds the jail without any forward: what was opened is closed again.
    await new Firewall(instance).restore([share('a', 1, { redirects: [], isolated: true })]);
    expect([localnet('jla'), routes()]).to.deep.equal(['0', before]);
    await new Firewall(instance).restore([]);
    ip('link', 'del', 'jla');
  });

  it('takes away what an earlier one left where somebody has taken its mark away', async () => {
    const { instance, marker } = fresh();
    await new Firewall(instance).set(share('a', 1));
    rmSync(marker);
    await new Firewall(instance).restore([], true);
    expect([nft('list', 'ruleset'), existsSync(marker)]).to.deep.equal(['', false]);
  });

  it('asks nft(8) once more when somebody has killed it', async () => {
    const path = temporaryDirectory();
    const program = `#!/bin/sh\ncd ${path}; [ -e killed ] && exec cat >script; touch killed; kill -9 $$\n`;
    writeFileSync(join(path, 'nft'), program, { mode: 0o755 });
    await runNft('add table inet mine\n', `${path}:/usr/bin:/bin`);
    expect(readFileSync(join(path, 'script'), 'utf8')).to.equal('add table inet mine\n');
  });

  it('lets them in on a link that came after it was begun', async () => {
    const firewall = new Firewall(fresh().instance);
    const args = share('a', 1);
    firewall.begin(args);
    await firewall.remove('none');
    ip('link', 'add', 'jla', 'type', 'veth', 'peer', 'name', 'other');
    for (const link of ['jla', 'other']) ip('link', 'set', link, 'up');
    await firewall.set(args);
    expect(localnet('jla')).to.equal('1');
    expect(ip('-6', 'route', 'show', 'table', 'local', '::1', 'dev', 'jla')).to.match(/^local ::1 /);
    await firewall.remove('a');
    expect(localnet('jla')).to.equal('0');
    ip('link', 'del', 'jla');
  });

  it('survives a damaged note of what it opened', async () => {
    const { instance, marker } = fresh();
    await new Firewall(instance).set(share('a', 1));
    execFileSync('sh', ['-c', `echo '{' > ${marker}`]);
    await new Firewall(instance).restore([]);
    expect([nft('list', 'ruleset'), existsSync(marker)]).to.deep.equal(['', false]);
  });
});
