import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect } from 'chai';
import { openHostView } from '../../src/host/view.js';
import { hostListeners, hostRoutes } from '../../src/plan/advice/host-tables.js';
import { instanceBelow } from '../../src/plan/instance.js';

const view = () =>
  openHostView({ instance: instanceBelow('/nonexistent'), cgroupRoot: null, uids: { base: 0, count: 0 } });

describe('the tables of this kernel', () => {
  it('have who listens, of both protocols and families, and not who is connected', async () => {
    const servers = ['127.0.0.1', '::1'].map((host) => createServer().listen(0, host));
    await Promise.all(servers.map((server) => once(server, 'listening')));
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    try {
      const wanted = [
        ...servers.map((server) => ({ protocol: 'tcp', ...placeOf(server.address() as AddressInfo) })), // it listens on a port
        { protocol: 'udp', ...placeOf(socket.address()) },
      ];
      expect(hostListeners(view())).to.deep.include.members(wanted);
    } finally {
      for (const server of servers) server.close();
      socket.close();
    }
    expect(hostListeners(view()).filter(({ port }) => port === 0)).to.deep.equal([]);
  });

  it('have routes to networks, each on a link', () => {
    for (const { address, prefix, link } of hostRoutes(view())) {
      expect(address).to.match(/^[\da-f.:]+$/);
      expect(prefix).to.be.within(1, 128);
      expect(link).to.match(/^\S{1,15}$/);
    }
  });
});

const placeOf = ({ address, port }: { readonly address: string; readonly port: number }) => ({
  address,
  port,
});
