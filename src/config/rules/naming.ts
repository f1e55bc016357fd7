import { placeOf } from '../check.js';
import { MAX_HOST_NAME } from '../jail.js';
import { error, type Draft, type Drafts } from './draft.js';
import { diagnose, spanOf, withNote, type Place } from '../syntax/source.js';

const where = (place: Place): string => `${spanOf(place).file}:${spanOf(place).line}`;

/** Files that lie beside the jails' directories: jaild's own, and those of the kernel in a cgroup. */
const TAKEN =
  /^(jaild\.(sock|lock)(\.new)?|tasks|notify_on_release|release_agent|supervisor|(cgroup|memory|pids|cpu|cpuset|cpuacct|blkio|io|hugetlb|freezer|devices|irq)\.[a-z0-9_.]+)$/;
const MAX_NAME_BYTES = 128;

/** The name becomes part of paths, cgroups and links, so it must be one component of a path, and free. */
function isUsableName(name: string): boolean {
  // A name is a key of objects, too.
  if (name === '__proto__') return false;
  const isComponent = /^[^\s/\0-\x1f\x7f.-][^\s/\0-\x1f\x7f]*$/.test(name) && !name.includes('..');
  return isComponent && Buffer.byteLength(name) <= MAX_NAME_BYTES && !TAKEN.test(name);
}

/** A name is one component of a path, and free. */
export function* nameIsUsable({ jails }: Drafts) {
  for (const jail of jails)
    for (const name of new Set([jail.name, jail.values.name ?? jail.name]))
      if (!isUsableName(name)) {
        const hint = TAKEN.test(name)
          ? 'a file of that name lies where the jail’s directory would be'
          : 'letters, digits, dots, - and _; at most 128 of them';
        yield error(jail, 'bad-name', placeOf(jail.merged, 'name'), `"${name}" cannot name a jail`, hint);
      }
}

/** Only a whole component may be a star, so web* is one jail and not all that begin with web. */
export function* starsAreWildcards({ jails }: Drafts) {
  for (const jail of jails) {
    if (!jail.name.includes('*')) continue;
    const message = `"${jail.name}" is the name of one jail`;
    const hint = 'a star stands for names only as a whole component: "*", "web.*"';
    yield [jail, diagnose('warning', 'star-in-name', jail.merged.block.place, message, hint)] as const;
  }
}

/** What the kernel takes for a name of the host is short. */
export function* hostNamesFit({ jails }: Drafts) {
  for (const jail of jails) {
    const { host, 'host.hostname': hostname = '', 'host.domainname': domain = '' } = jail.values;
    if (host === 'inherit') continue;
    for (const [parameter, text] of [
      ['host.hostname', hostname],
      ['host.domainname', domain],
    ] as const) {
      if (Buffer.byteLength(text) <= MAX_HOST_NAME) continue;
      const message = `${parameter}: a name of more than ${MAX_HOST_NAME} bytes is too long for a host`;
      yield error(jail, 'bad-value', placeOf(jail.merged, parameter), message, `set a shorter ${parameter}`);
    }
  }
}

/** Blocks of one name are not merged, and only one of them could run. */
export function* nameIsUnique({ jails, byName }: Drafts) {
  for (const jail of jails) {
    const first = byName.get(jail.name);
    if (first === undefined || first === jail) continue;
    const message = `jail "${jail.name}" is defined already at ${where(first.merged.block.place)}`;
    const hint = 'blocks of one name are not merged';
    const [, diagnostic] = error(jail, 'duplicate-jail', jail.merged.block.place, message, hint);
    yield [jail, withNote(diagnostic, first.merged.block.place, 'it is defined here')] as const;
  }
}

/** Two running jails never have one number: the second is given another. */
export function* numberIsUnique({ jails }: Drafts) {
  const owners = new Map<number, Draft>();
  for (const jail of jails) {
    const { jid } = jail.values;
    if (jid === undefined) continue;
    const owner = owners.get(jid) ?? jail;
    owners.set(jid, owner);
    if (owner.name === jail.name) continue;
    const message = `${jid} is the jid of jail "${owner.name}" already`;
    const hint = 'whichever starts later is given another one';
    const diagnostic = diagnose('warning', 'duplicate-jid', placeOf(jail.merged, 'jid'), message, hint);
    yield [jail, withNote(diagnostic, placeOf(owner.merged, 'jid'), 'it is written here')] as const;
  }
}
