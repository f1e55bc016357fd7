/*
 * A program for tests, run in any network namespace: tells peers under which address it sees them, and asks others.
 *   echo.js serve PORT...                        TCP and UDP, IPv4 and IPv6; says "ready"
 *   echo.js ask tcp|udp ADDRESS PORT MS [SOURCE] prints the answer, or the error's code, or "timeout" after so long
 *   echo.js listen PORT                          prints "ready", then the sender of each datagram that comes, a line each
 *   echo.js say ADDRESS PORT SOURCE              sends a datagram
 *   echo.js load ADDRESS PORT MS                 many connections, one after another in 20 lines: prints "GOOD BAD"
 */
import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

export const ECHO = fileURLToPath(import.meta.url);
/** What many connections are given each, which are all to be good. */
const LOAD_MS = 10_000;
const LINES = 20;

const plain = (address: string): string => address.replace(/^::ffff:/, '').replace(/%.*/, '');

async function serve(ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const server = createServer((peer) =>
      peer.on('error', () => peer.destroy()).end(plain(peer.remoteAddress ?? '')),
    );
    await new Promise<void>((resolve) => server.listen({ port, host: '::', backlog: 1000 }, resolve));
    const udp = createSocket('udp6');
    udp.on('message', (_, { address, port: from }) => udp.send(plain(address), from, address));
    await new Promise<void>((resolve) => udp.bind(port, '::', resolve));
  }
  process.stdout.write('ready\n');
}

function askTcp(host: string, port: number, ms: number, localAddress?: string): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port, ...(localAddress !== undefined && { localAddress }) });
    socket
      .setTimeout(ms, () => socket.destroy(Object.assign(new Error(), { code: 'timeout' })))
      .on('data', (bytes) => (text += String(bytes)))
      .on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
      .on('end', () => resolve(text));
  });
}

function askUdp(host: string, port: number, ms: number, source?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const end = (text: string): void => {
      clearTimeout(timer);
      socket.close(() => resolve(text));
    };
    const timer = setTimeout(() => end('timeout'), ms);
    socket
      .on('message', (bytes) => end(bytes.toString()))
      .on('error', (error) => end((error as NodeJS.ErrnoException).code ?? ''));
    socket.bind({ port: 0, ...(source !== undefined && { address: source }) }, () =>
      socket.send('?', port, host),
    );
  });
}

async function listen(port: number): Promise<void> {
  const socket = createSocket('udp6').on('message', (_, { address }) => console.log(plain(address)));
  await new Promise<void>((resolve) => socket.bind(port, '::', resolve));
  console.log('ready');
}

function say(host: string, port: number, source: string): void {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind({ port: 0, address: source }, () => socket.send('!', port, host, () => socket.close()));
}

/** A client has some 28,000 ports, which rest for a minute after each connection: ip(7), ip_local_port_range. */
const MOST_CONNECTIONS = 20_000;

async function load(host: string, port: number, ms: number): Promise<string> {
  const until = Date.now() + ms;
  let [good, bad] = [0, 0];
  const line = async (): Promise<void> => {
    while (Date.now() < until && good + bad < MOST_CONNECTIONS) {
      const answer = await askTcp(host, port, LOAD_MS);
      if (/[.:]/.test(answer)) good++;
      else bad++;
    }
  };
  await Promise.all(Array.from({ length: LINES }, line));
  return `${good} ${bad}`;
}

if (process.argv[1] === ECHO) {
  const [what, ...words] = process.argv.slice(2);
  if (what === 'serve') await serve(words.map(Number));
  else if (what === 'listen') await listen(Number(words[0]));
  else if (what === 'say') say(words[0] ?? '', Number(words[1]), words[2] ?? '');
  else if (what === 'load')
    process.stdout.write(await load(words[0] ?? '', Number(words[1]), Number(words[2])));
  else {
    const [protocol, address = '', port, ms, source] = words;
    const ask = protocol === 'udp' ? askUdp : askTcp;
    process.stdout.write(await ask(address, Number(port), Number(ms), source));
  }
}
