import { createServer, type Server } from 'node:net';

/** Tells whoever connects to TCP port 7 his address. `listening` is called as soon as it does. */
export function serveAddresses(listening: () => void): Server {
  const server = createServer((peer) =>
    peer.on('error', () => peer.destroy()).end(String(peer.remoteAddress), () => peer.destroy()),
  );
  return server.listen(7, '::', listening);
}
