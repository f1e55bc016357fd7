import { expect } from 'chai';
import { adviceOnX } from '../../support/advice.js';

describe('a limit of speed', () => {
  it('is not for interfaces that are moved into the jail', () => {
    expect(adviceOnX('ip4.addr = 203.0.113.1; vnet.interface = eth0; net.egress.max = 1M;')).to.deep.equal([
      '2:65 warning: net.egress.max does not hold for eth0, which the jail has to itself [without-effect]',
    ]);
  });

  it('of a macvlan holds where the jail cannot take it away', () => {
    const macvlan = 'macvlan = eth0; ip4.addr = 203.0.113.1/24; net.ingress.max = 1M;';
    expect(adviceOnX(macvlan)).to.deep.equal([]);
    expect(adviceOnX(`${macvlan} net.egress.max = max; vnet;`)).to.deep.equal([
      '2:62 warning: the jail can take net.ingress.max away: of a macvlan it is kept inside, and vnet = new gives it net_admin [without-effect]',
    ]);
  });
});
