import { expect } from 'chai';
import { sharesHostNetwork } from '../../src/config/network-of.js';
import { onlyJail } from '../support/compile-text.js';

describe('the network of the host', () => {
  it('is that of a jail that inherits it, unless it has addresses or an interface of its own', () => {
    const shared = (text: string): boolean =>
      sharesHostNetwork(onlyJail(`x { vnet = inherit; ${text} }`).values);
    expect(
      ['', 'ip4.addr = 10.0.0.2;', 'ip_hostname;', 'bridge = br0;', 'macvlan = eth0;'].map(shared),
    ).to.deep.equal([true, false, false, false, false]);
  });
});
