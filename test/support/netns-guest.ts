/*
 * A process in a network namespace of its own, started by netns-client.ts below `unshare -n`: what a jail is to
 * the network. It serves its peers' addresses at TCP port 7, and connects where it is told to.
 */
import { connect } from 'node:net';
import { netlinkSocket } from '../../src/host/libc/sockets.js';
import { serveAddresses } from './netns-server.js';

serveAddresses(() => process.send?.({ netlinkFd: netlinkSocket() }));

process.on('message', ({ address }: { address: string }) => {
  let text = '';
  const asking = connect({ host: address, port: 7 });
  const giveUp = (): void => {
    asking.destroy(); // else it may yet fail, and that be taken for the answer to the next question
    process.send?.({ text: 'timeout' });
  };
  asking
    .setTimeout(3000, giveUp)
    .on('data', (chunk) => (text += String(chunk)))
    .on('error', (error: NodeJS.ErrnoException) => process.send?.({ text: error.code }))
    .on('end', () => process.send?.({ text }));
});
process.on('disconnect', () => process.exit());
