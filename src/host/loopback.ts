import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { families } from '../config/values/family.js';
import { withLinks, type LoopbackLinks } from '../plan/firewall-hairpin.js';
import { unless, writeAtomically } from './files.js';
import { findLink } from './interfaces.js';
import { addLoopbackRoute, deleteLoopbackRoute } from './loopback-route.js';
import { withNetlink } from './netlink.js';

const GONE = ['ENOENT', 'ENODEV'];
const CLOSED: LoopbackLinks = { ip4: [], ip6: [] };

/**
 * Links on which the host takes answers to 127.0.0.1 and ::1, which else never leave lo. For IPv4 that is a setting
 * (Documentation/networking/ip-sysctl.rst, route_localnet); IPv6 has none, but takes a second local route. A file names
 * them before they are opened, so that a later jaild closes what this one leaves.
 */
export class Loopback {
  readonly #file: string;
  #open: LoopbackLinks;

  /** @param file which is there while the packet filter has a table */
  constructor(file: string) {
    this.#file = file;
    this.#open = readOpen(file) ?? CLOSED;
  }

  /** Those that are open, and may be open still. */
  get noted(): LoopbackLinks {
    return this.#open;
  }

  /** Notes which are to be opened, before that is done; returns what takes that back. Throws SystemError. */
  intend(wanted: LoopbackLinks): () => void {
    const before = this.#open;
    this.#note(withLinks(before, wanted));
    return () => this.#note(before);
  }

  /**
   * Opens these, however they were, and closes all others; links that are no longer there need neither. Returns those that
   * could not be opened or closed, with why. Throws SystemError when it cannot be noted.
   */
  settle(wanted: LoopbackLinks): ReadonlyMap<string, unknown> {
    const failures = this.open(wanted);
    attemptEach(without(this.#open.ip4, wanted.ip4), (link) => setRouteLocalnet(link, '0'), failures);
    attemptEach(
      without(this.#open.ip6, wanted.ip6),
      (link) => changeRoute(link, deleteLoopbackRoute),
      failures,
    );
    this.#note(wanted);
    return failures;
  }

  /** Opens links that are noted. Returns those for which that failed, with why. */
  open({ ip4, ip6 }: LoopbackLinks): Map<string, unknown> {
    const failures = new Map<string, unknown>();
    attemptEach(ip4, (link) => setRouteLocalnet(link, '1'), failures);
    attemptEach(ip6, (link) => changeRoute(link, addLoopbackRoute), failures);
    return failures;
  }

  /** Takes the file away. Nothing is open then, or has been. */
  forget(): void {
    this.#open = CLOSED;
    rmSync(this.#file, { force: true });
  }

  #note(open: LoopbackLinks): void {
    const isSame = families.every((family) => open[family].join() === this.#open[family].join());
    this.#open = open;
    if (!isSame || readOpen(this.#file) === null) writeAtomically(this.#file, JSON.stringify(open));
  }
}

function attemptEach(
  links: readonly string[],
  change: (link: string) => void,
  failures: Map<string, unknown>,
): void {
  for (const link of links) {
    try {
      change(link);
    } catch (error) {
      failures.set(link, error);
    }
  }
}

const without = (links: readonly string[], others: readonly string[]): readonly string[] =>
  links.filter((link) => !others.includes(link));

/** What the file says; null when there is none. One that is damaged names nothing. */
function readOpen(file: string): LoopbackLinks | null {
  const text = unless(['ENOENT'], null, () => readFileSync(file, 'utf8'));
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isLoopbackLinks(value) ? value : CLOSED;
  } catch {
    return CLOSED;
  }
}

function isLoopbackLinks(value: unknown): value is LoopbackLinks {
  const isNames = (list: unknown): boolean =>
    Array.isArray(list) && list.every((one) => typeof one === 'string');
  return typeof value === 'object' && value !== null && 'ip4' in value && 'ip6' in value
    ? isNames(value.ip4) && isNames(value.ip6)
    : false;
}

function setRouteLocalnet(link: string, value: string): void {
  unless(GONE, undefined, () => writeFileSync(`/proc/sys/net/ipv4/conf/${link}/route_localnet`, value));
}

function changeRoute(link: string, change: typeof addLoopbackRoute): void {
  withNetlink((host) => {
    const found = findLink(host, link);
    if (found !== null) host.request([change(found.index)]);
  });
}
