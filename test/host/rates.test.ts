import { execFileSync } from 'node:child_process';
import { constants } from 'node:os';
import { expect } from 'chai';
import { SystemError } from '../../src/host/error.js';
import { changeRates, clearRates, explained, setRates } from '../../src/host/rates.js';
import type { RateArgs } from '../../src/plan/step.js';
import { describeInNetns } from '../support/netns.js';
import { startGuest, type Guest } from '../support/netns-client.js';

const LINK = 'jl0123456789ab';
const QUEUE = 'jq0123456789ab';

const args = (rates: Partial<RateArgs>): RateArgs => ({
  ...{ side: 'host', link: LINK, queue: QUEUE, mark: 'jaild test', egress: null, ingress: null },
  ...rates,
});

interface Qdisc {
  readonly kind: string;
  readonly dev: string;
  readonly handle: string;
  readonly options: { readonly rate?: number; readonly burst?: number };
}

describeInNetns('limits of rates', import.meta.url, () => {
  let guest: Guest;
  const run = (...words: readonly string[]): string =>
    execFileSync(words[0] ?? '', words.slice(1), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const inGuest = (...words: readonly string[]): string =>
    run('nsenter', '-t', String(guest.initPid), '-n', ...words);
  /** Link → what is on it; links with nothing are left out. The kernel keeps bursts as times, which rounds them. */
  const queues = (where: typeof run = run): Readonly<Record<string, string>> => {
    const all = JSON.parse(where('tc', '-j', 'qdisc', 'show')) as readonly Qdisc[];
    const found: Record<string, string> = {};
    for (const { kind, dev, options } of all) {
      if (kind === 'noqueue') continue;
      const word = kind === 'tbf' ? `tbf ${options.rate} ${Number(options.burst?.toPrecision(3))}` : kind;
      found[dev] = [found[dev], word].filter((one) => one !== undefined).join(', ');
    }
    return found;
  };
  const failure = async (doing: Promise<void>): Promise<unknown> => doing.catch((error: unknown) => error);

  beforeEach(async () => {
    guest = await startGuest();
    run('ip', 'link', 'add', LINK, 'mtu', '9000', 'type', 'veth', 'peer', 'eth0', 'netns', String(guest.pid));
    run('ip', 'link', 'set', LINK, 'up');
    inGuest('ip', 'link', 'set', 'eth0', 'up');
  });

  afterEach(async () => {
    if (run('ip', '-o', 'link').includes(LINK)) run('ip', 'link', 'del', LINK);
    await guest.end();
    expect(run('ip', '-o', 'link').trim().split('\n')).to.have.lengthOf(1);
  });

  it('let a hundredth of a second pass at once, but never less than two packets', async () => {
    await setRates(args({ egress: 100_000, ingress: 5_000_000_000 }), null);
    expect(queues()).to.deep.equal({
      [LINK]: 'tbf 5000000000 50000000, ingress',
      [QUEUE]: 'tbf 100000 18000',
    });
    await clearRates(args({ egress: 100_000, ingress: 5_000_000_000 }), null);
  });

  it('change without a packet that gets past', async () => {
    const before = args({ egress: 1_000_000, ingress: 2_000_000 });
    const after = args({ egress: 30_000_000, ingress: 40_000_000 });
    await setRates(before, null);
    const device = run('ip', '-o', 'link', 'show', QUEUE);
    await changeRates(before, after, null);
    expect(queues()).to.deep.equal({
      [LINK]: 'tbf 40000000 400000, ingress',
      [QUEUE]: 'tbf 30000000 300000',
    });
    expect(run('ip', '-o', 'link', 'show', QUEUE)).to.equal(device);
    await clearRates(after, null);
  });

  it('come and go one by one', async () => {
    const [none, out, back] = [args({}), args({ egress: 9_000_000 }), args({ ingress: 8_000_000 })];
    await setRates(none, null);
    await changeRates(none, out, null);
    expect(queues()).to.deep.equal({ [LINK]: 'ingress', [QUEUE]: 'tbf 9000000 90000' });
    await changeRates(out, back, null);
    expect(queues()).to.deep.equal({ [LINK]: 'tbf 8000000 80000' });
    await changeRates(back, none, null);
    expect(queues()).to.deep.equal({});
  });

  it('are inside the jail for a link that has no end on the host', async () => {
    const inside = args({ side: 'jail', link: 'eth0', egress: 3_000_000, ingress: 4_000_000 });
    await setRates(inside, guest);
    expect(queues()).to.deep.equal({});
    expect(queues(inGuest)).to.deep.equal({
      eth0: 'tbf 3000000 30000, ingress',
      [QUEUE]: 'tbf 4000000 40000',
    });
    await clearRates(inside, guest);
    expect(queues(inGuest)).to.deep.equal({});
    expect(inGuest('ip', '-o', 'link', 'show', 'type', 'ifb')).to.equal('');
  });

  it('can be taken away twice, and when the link or the jail is gone', async () => {
    const both = args({ egress: 1_000_000, ingress: 1_000_000 });
    await setRates(both, null);
    run('ip', 'link', 'del', LINK);
    await clearRates(both, null);
    await clearRates(both, null);
    expect(queues()).to.deep.equal({});
    await clearRates(args({ ...both, side: 'jail' }), null);
  });

  it('leave nothing when there is no such link', async () => {
    const error = await failure(setRates(args({ link: 'nolink', egress: 1 }), null));
    expect(error).to.be.instanceOf(SystemError).and.to.include({ errno: constants.errno.ENODEV });
    expect(queues()).to.deep.equal({});
  });

  it('name the module that the kernel lacks', () => {
    const { ENOENT, EOPNOTSUPP, EPERM } = constants.errno;
    const hint = (call: string, errno: number): unknown =>
      (explained(new SystemError(call, errno, LINK)) as SystemError).hint;
    expect(hint('netlink limit rate', ENOENT)).to.match(/no sch_tbf: modprobe -a sch_tbf,/);
    expect(hint('netlink redirect packets', ENOENT)).to.match(/modprobe -a cls_u32 act_mirred,/);
    expect(hint('netlink create queue', EOPNOTSUPP)).to.match(/no ifb:/);
    expect(hint('netlink limit rate', EPERM)).to.equal(undefined);
    expect(hint('netlink look up link', ENOENT)).to.equal(undefined);
  });
});
