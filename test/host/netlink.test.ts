import { expect } from 'chai';
import { NetlinkSocket } from '../../src/host/netlink.js';
import { dumpLinks, getLink } from '../../src/host/netlink-link.js';
import { describeInNetns } from '../support/netns.js';

/** More than there may be calls on other threads. */
const MANY = 500;

describeInNetns('a netlink socket', import.meta.url, () => {
  const sockets: NetlinkSocket[] = [];
  const socket = (): NetlinkSocket => {
    const made = new NetlinkSocket();
    sockets.push(made);
    return made;
  };
  afterEach(() => {
    for (const one of sockets.splice(0)) one.close();
  });

  it('waits for its turn on another thread, however many do, and whoever fails', async () => {
    const asked = Array.from({ length: MANY }, (_, index) =>
      socket().requestElsewhere([getLink(index % 3 === 0 ? 'nolink' : 'lo')]),
    );
    const settled = await Promise.allSettled(asked);
    const answers = settled.map((one) => (one.status === 'fulfilled' ? 'answered' : String(one.reason)));
    const wanted = (index: number): string =>
      index % 3 === 0 ? 'SystemError: netlink look up link nolink: No such device' : 'answered';
    expect(answers).to.deep.equal(answers.map((_, index) => wanted(index)));
  });

  it('keeps no more answers than are wanted, and answers the next request as ever', () => {
    const one = socket();
    const all = one.request([dumpLinks()])[0] ?? [];
    expect(all).to.have.length.above(0);
    expect(one.request([{ ...dumpLinks(), most: 0 }])).to.deep.equal([[]]);
    expect(one.request([dumpLinks()])[0]).to.have.lengthOf(all.length);
  });
});
