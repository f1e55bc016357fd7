import ipaddr from 'ipaddr.js';

/** A file of resolv.conf(5) as a jail with a network of its own can use it. */
export interface JailResolver {
  readonly text: string;
  /** Name servers that it has. */
  readonly servers: readonly string[];
  /** Those that are left out. */
  readonly unreachable: readonly string[];
}

/** Where systemd-resolved listens for programs of the host: systemd-resolved.service(8). */
const STUBS: ReadonlySet<string> = new Set(['127.0.0.53', '127.0.0.54']);

const kept: ReadonlySet<string> = new Set(['nameserver', 'search', 'domain', 'sortlist', 'options']);
const confined: ReadonlySet<string> = new Set(['loopback', 'unspecified']);

const wordsOf = (line: string): readonly string[] => line.trimEnd().split(/\s+/);

/** Whether packets to it leave the network namespace that they are sent in, by way of a router. */
function isReachable(server: string): boolean {
  if (server.includes('%') || !ipaddr.isValid(server)) return false;
  const address = ipaddr.process(server);
  // IPv4 is routed from 169.254.0.0/16, where clouds have their name servers.
  if (address.kind() === 'ipv6' && address.range() === 'linkLocal') return false;
  return !confined.has(address.range());
}

/** Whether programs of the host ask systemd-resolved, which no jail reaches. @param text of resolv.conf(5) */
export function asksStub(text: string): boolean {
  return text.split('\n').some((line) => {
    const [keyword, server = ''] = wordsOf(line);
    return keyword === 'nameserver' && STUBS.has(server);
  });
}

/** Leaves out name servers on the host's loopback, and those of one link. @param text of resolv.conf(5) */
export function jailResolver(text: string): JailResolver {
  const lines = text.split('\n').filter((line) => kept.has(wordsOf(line)[0] ?? ''));
  const serverOf = (line: string): string | null => {
    const [keyword, server = ''] = wordsOf(line);
    return keyword === 'nameserver' ? server : null;
  };
  const all = lines.map(serverOf).filter((server) => server !== null);
  const isKept = (line: string): boolean => {
    const server = serverOf(line);
    return server === null || isReachable(server);
  };
  return {
    text: lines
      .filter(isKept)
      .map((line) => `${line}\n`)
      .join(''),
    servers: all.filter(isReachable),
    unreachable: all.filter((server) => !isReachable(server)),
  };
}
