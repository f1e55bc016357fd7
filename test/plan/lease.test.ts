import { expect } from 'chai';
import { assignLease, leasedFamilies, type LeaseRequest, type Leases } from '../../src/plan/lease.js';
import { hostSubnets } from '../../src/plan/lease-subnet.js';
import { numbers } from '../support/mutate.js';

const host = hostSubnets(
  [
    { address: '10.88.0.0', prefix: 29 },
    { address: 'fd00:88::', prefix: 64 },
  ],
  [],
);
const request = (jail: string, more: Partial<LeaseRequest> = {}): LeaseRequest => ({
  jail,
  families: ['ip4', 'ip6'],
  subnets: host,
  isReserved: () => false,
  isKept: () => true,
  has: [],
  now: 1,
  ...more,
});

/** Leases after one request after the other, which all must be granted. */
function granted(requests: readonly LeaseRequest[], from: Leases = {}): Leases {
  return requests.reduce((leases, one) => {
    const answer = assignLease(leases, one);
    if (!answer.ok) throw new Error(`${one.jail}: no ${answer.full} address is free`);
    return answer.leases;
  }, from);
}

describe('the address that a jail on a bridge is given', () => {
  it('is the lowest that is free, of each family, with the prefix of the subnet', () => {
    const first = assignLease({}, request('a'));
    expect(first).to.deep.equal({
      ok: true,
      leases: { a: { at: 1, ip4: '10.88.0.2', ip6: 'fd00:88::2' } },
      leased: [
        { address: '10.88.0.2', prefix: 29 },
        { address: 'fd00:88::2', prefix: 64 },
      ],
    });
    const all = granted(['a', 'b', 'c', 'd', 'e'].map((name) => request(name)));
    expect(Object.values(all).map(({ ip4 }) => ip4)).to.deep.equal(
      [2, 3, 4, 5, 6].map((n) => `10.88.0.${n}`),
    );
    expect(assignLease(all, request('f'))).to.deep.equal({ ok: false, full: 'ip4' });
    expect(assignLease(all, request('f', { families: ['ip6'] }))).to.deep.include({
      leased: [{ address: 'fd00:88::7', prefix: 64 }],
    });
  });

  it('is none that somebody else has, nor the host’s, wherever in the subnet that is', () => {
    const subnets = hostSubnets([{ address: '10.88.0.2', prefix: 29 }], ['10.88.0.9']);
    const isReserved = (address: string): boolean => address === '10.88.0.3';
    const one = { subnets, isReserved };
    const all = granted(['a', 'b', 'c', 'd'].map((name) => request(name, one)));
    expect(Object.values(all).map(({ ip4 }) => ip4)).to.deep.equal([1, 4, 5, 6].map((n) => `10.88.0.${n}`));
    expect(assignLease(all, request('e', one))).to.deep.equal({ ok: false, full: 'ip4' });
  });

  it('stays, until the subnet is another one or somebody writes it in a file', () => {
    const all = granted([request('a'), request('b')]);
    expect(granted([request('b')], all)).to.equal(all);
    const moved = [{ address: '10.99.0.1', prefix: 24 }];
    expect(granted([request('b', { subnets: moved, now: 2 })], all)['b']).to.deep.equal({
      at: 2,
      ip4: '10.99.0.2',
      ip6: 'fd00:88::3',
    });
    const taken = { isReserved: (address: string) => address === '10.88.0.3' };
    expect(granted([request('b', taken)], all)['b']?.ip4).to.equal('10.88.0.4');
  });

  it('is what it has already where nobody remembers that', () => {
    const known = granted([request('a', { has: ['10.88.0.5', 'fd00:88::5'] })]);
    expect(known['a']).to.deep.equal({ at: 1, ip4: '10.88.0.5', ip6: 'fd00:88::5' });
    expect(
      granted([request('b', { has: ['10.88.0.5', '192.0.2.1', '10.88.0.1'] })], known)['b']?.ip4,
    ).to.equal('10.88.0.2');
  });

  it('is that of a jail that is gone when all are used, of whoever has had it longest', () => {
    const full = granted(['a', 'b', 'c', 'd', 'e'].map((name, at) => request(name, { now: 10 - at })));
    const gone = { isKept: (name: string) => !['a', 'c', 'd'].includes(name), now: 20 };
    const after = granted([request('f', gone)], full);
    expect([after['f']?.ip4, Object.keys(after)]).to.deep.equal(['10.88.0.5', ['a', 'b', 'c', 'e', 'f']]);
    expect(assignLease(full, request('f'))).to.deep.equal({ ok: false, full: 'ip4' });
  });

  it('is asked for only in families in which a jail has none and may have one', () => {
    const own = [{ address: '10.88.0.9', prefix: 24, words: [] }];
    expect(leasedFamilies({}, [])).to.deep.equal(['ip4', 'ip6']);
    expect(leasedFamilies({ 'ip4.addr': own, ip6: 'disable' }, [])).to.deep.equal([]);
    expect(leasedFamilies({}, ['fd00::9'])).to.deep.equal(['ip4']);
  });

  it('is never one that is taken, and stays, whatever comes and goes', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const chance = numbers(seed);
      let leases: Leases = {};
      const reserved = new Set(Array.from({ length: 3 }, () => `10.88.0.${chance(8)}`));
      const there = new Set<string>();
      for (let turn = 0; turn < 40; turn++) {
        const jail = `j${chance(9)}`;
        if (chance(3) === 0) {
          there.delete(jail);
          continue;
        }
        const before = leases;
        const isReserved = (address: string): boolean => reserved.has(address);
        const isKept = (name: string): boolean => there.has(name);
        const answer = assignLease(leases, request(jail, { isReserved, isKept, now: turn }));
        if (!answer.ok) continue;
        leases = answer.leases;
        there.add(jail);
        const given = Object.values(leases).map(({ ip4 }) => ip4 ?? '');
        expect(new Set(given).size, `seed ${seed}`).to.equal(given.length);
        expect(given.filter((address) => reserved.has(address) || /\.[017]$/.test(address))).to.deep.equal(
          [],
        );
        for (const name of there)
          if (before[name] !== undefined && name !== jail)
            expect(leases[name], `seed ${seed}`).to.equal(before[name]);
      }
    }
  });
});
