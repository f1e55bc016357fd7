import { expect } from 'chai';
import { NetlinkSocket } from '../../src/host/netlink.js';
import { dumpLinks, getLink } from '../../src/host/netlink-link.js';
import { describeInNetns } from '../support/netns.js';

/** More than there may be calls on other threads. */
const MANY = 1000;

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
    const answered = settled.map(({ status }) => status === 'fulfilled');
    expect(answered).to.deep.equal(settled.map((_, index) => index % 3 !== 0));
  });

  it('keeps no more answers than are wanted, and answers the next request as ever', () => {
    const one = socket();
    const all = one.request([dumpLinks()])[0] ?? [];
    expect(all).to.have.length.above(0);
    expect(one.request([{ ...dumpLinks(), most: 0 }])).to.deep.equal([[]]);
    expect(one.request([dumpLinks()])[0]).to.have.lengthOf(all.length);
  });
});
