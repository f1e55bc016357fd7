import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { isLinkOfAJail } from '../plan/instance.js';
import type { LendArgs } from '../plan/step.js';
import { SystemError } from './error.js';
import { readJson, writeAtomically } from './files.js';
import type { JailerHandle } from './host.js';
import { findLink, hostInterfaces } from './interfaces.js';
import { withJailNetlink } from './jail-end.js';
import {
  decodeLinkDetails,
  getLinkAt,
  moveLink,
  setLink,
  setLinkDown,
  type LinkDetails,
} from './netlink-link.js';
import { withNetlink, type NetlinkSocket } from './netlink.js';
import { throughWindow } from './window.js';

const { ENODEV } = constants.errno;

/** What an interface was when it was lent, and where it is in the jail: the one number that the jail cannot change. */
interface Lent {
  readonly name: string;
  readonly kind: string;
  readonly mac: string;
  readonly mtu: number;
  readonly index: number;
}

const isNote = (value: unknown): value is readonly Lent[] => Array.isArray(value);

/**
 * Moves interfaces of the host into a jail (jail(8), vnet.interface). When one can't be moved, those before it are given
 * back. Rejects with SystemError: ENODEV for one that is not there, EINVAL for one that is bound to its namespace.
 */
export async function lendInterfaces(args: LendArgs, jailer: JailerHandle): Promise<void> {
  try {
    withNetlink((host) => {
      const links = args.interfaces.map((name) => findLink(host, name) ?? missing(name));
      const lent: Lent[] = [];
      for (const link of links) {
        host.request([moveLink(link.index, link.name, jailer.initPid)]);
        lent.push(
          noteOf(
            link,
            withJailNetlink(jailer, (jail) => findLink(jail, link.name)),
          ),
        );
        writeAtomically(args.note, `${JSON.stringify(lent)}\n`);
      }
    });
  } catch (error) {
    await takeBackInterfaces(args);
    throw error;
  }
}

const noteOf = ({ name, kind, mac, mtu, index }: LinkDetails, inside: LinkDetails | null): Lent => ({
  name,
  kind,
  mac,
  mtu,
  index: inside?.index ?? index,
});

function missing(name: string): never {
  const names = hostInterfaces().flatMap((link) => (isLinkOfAJail(link.name) ? [] : [link.name]));
  const pair = /^epair\d+[ab]$/.test(name)
    ? '; an epair is made with: ip link add epair0a type veth peer name epair0b'
    : '';
  throw new SystemError('vnet.interface', ENODEV, name, `this host has ${names.join(', ')}${pair}`);
}

/**
 * Gives the interfaces back to the host, when nobody may be in the jail any more, under the names and with the hardware
 * addresses and MTUs that they had; down and without addresses, as on FreeBSD. One that is not there is fine: it was
 * never lent, is back already, or the jail has deleted it. Rejects with SystemError.
 */
export async function takeBackInterfaces({ interfaces, netns, note }: LendArgs): Promise<void> {
  if (!existsSync(netns)) return;
  const lent = readJson(note, isNote) ?? [];
  await throughWindow(netns, (jail) => {
    for (const name of interfaces) {
      const before = lent.find((one) => one.name === name);
      const link = before === undefined ? findLink(jail, name) : linkAt(jail, before);
      if (link !== null) giveBack(jail, link, before ?? link, name);
    }
  });
}

/** What is there under the number of an interface, unless it is of another kind: something that the jail has made. */
function linkAt(jail: NetlinkSocket, { index, kind, name }: Lent): LinkDetails | null {
  const body = jail.request([{ ...getLinkAt(index, name), tolerates: [ENODEV] }])[0]?.[0];
  const link = body === undefined ? null : decodeLinkDetails(body);
  return link?.kind === kind ? link : null;
}

/** The host may have made another of that name meanwhile: then it comes back under one that is free. */
function giveBack(
  jail: NetlinkSocket,
  { index }: LinkDetails,
  { mac, mtu }: Pick<Lent, 'mac' | 'mtu'>,
  name: string,
): void {
  jail.request([
    setLinkDown(index, name), // a device may refuse another hardware address while it is up
    setLink(index, name, { mac, mtu }),
    moveLink(
      index,
      name,
      process.pid,
      withNetlink((host) => freeName(host, name)),
    ),
  ]);
}

function freeName(host: NetlinkSocket, name: string): string {
  if (findLink(host, name) === null) return name;
  for (let number = 0; ; number++) if (findLink(host, `lent${number}`) === null) return `lent${number}`;
}
