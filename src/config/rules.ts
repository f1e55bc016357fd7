import { placeOf } from './check.js';
import {
  childrenAreCounted,
  hostRootIsMeant,
  inheritedHostHasNoName,
  policyIsThere,
  sharedIpcIsNotNew,
} from './combinations.js';
import { findCycles } from './cycles.js';
import type { Diagnostic, DiagnosticCode } from './diagnostic.js';
import type { Draft, Drafts } from './draft.js';
import { MAX_HOST_NAME } from './jail.js';
import { diagnose, spanOf, type Place } from './source.js';
import type { ParamName } from './params.js';

/** A rule finds what is wrong with each jail that breaks it. */
type Rule = (drafts: Drafts) => Iterable<readonly [Draft, Diagnostic]>;

/** Rules that concern more than one parameter, in the order that reads best when several are broken. */
const rules: readonly Rule[] = [
  nameIsUsable,
  nameIsUnique,
  hostNamesFit,
  pathIsGiven,
  somethingRuns,
  healthIsDefined,
  dependenciesExist,
  dependenciesHaveNoCycle,
  addressesHaveANetwork,
  interfacesHaveANetwork,
  addressesAreUnique,
  inheritedHostHasNoName,
  sharedIpcIsNotNew,
  childrenAreCounted,
  hostRootIsMeant,
  policyIsThere,
  mountsAreAllowed,
];

/** What the rules find, by jail. */
export function applyRules(jails: readonly Draft[]): ReadonlyMap<Draft, readonly Diagnostic[]> {
  const byName = new Map<string, Draft>();
  for (const jail of jails) if (!byName.has(jail.name)) byName.set(jail.name, jail);
  const found = new Map<Draft, Diagnostic[]>();
  for (const rule of rules)
    for (const [jail, diagnostic] of rule({ jails, byName })) {
      const list = found.get(jail) ?? [];
      list.push(diagnostic);
      found.set(jail, list);
    }
  return found;
}

function error(jail: Draft, code: DiagnosticCode, place: Place, message: string, hint?: string) {
  return [jail, diagnose('error', code, place, message, hint)] as const;
}

function warning(jail: Draft, place: Place, message: string, hint: string) {
  return [jail, diagnose('warning', 'without-effect', place, message, hint)] as const;
}

const isWritten = (jail: Draft, ...names: ParamName[]): boolean =>
  names.some((name) => jail.origin.has(name));
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

function* nameIsUsable({ jails }: Drafts) {
  for (const jail of jails)
    for (const name of new Set([jail.name, jail.values.name ?? jail.name]))
      if (!isUsableName(name)) {
        const hint = TAKEN.test(name)
          ? 'a file of that name lies where the jail’s directory would be'
          : 'letters, digits, dots, - and _; at most 128 of them';
        yield error(jail, 'bad-name', placeOf(jail.merged, 'name'), `"${name}" cannot name a jail`, hint);
      }
}

/** What the kernel takes for a name of the host is short. */
function* hostNamesFit({ jails }: Drafts) {
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

function* nameIsUnique({ jails, byName }: Drafts) {
  for (const jail of jails) {
    const first = byName.get(jail.name);
    if (first === undefined || first === jail) continue;
    const message = `jail "${jail.name}" is defined already at ${where(first.merged.block.place)}`;
    yield error(
      jail,
      'duplicate-jail',
      jail.merged.block.place,
      message,
      'blocks of one name are not merged',
    );
  }
}

function* pathIsGiven({ jails }: Drafts) {
  for (const jail of jails)
    if (!isWritten(jail, 'path'))
      yield error(
        jail,
        'missing-path',
        jail.merged.block.place,
        `jail "${jail.name}" has no path`,
        'path = "/jails/...";',
      );
}

function* somethingRuns({ jails }: Drafts) {
  for (const jail of jails) {
    const { values } = jail;
    const runs = ['exec.start', 'command'].some((name) => isWritten(jail, name as 'command')); // both are in the table
    const empty = values['exec.start']?.length === 0 && !isWritten(jail, 'command');
    if ((runs && !empty) || values.persist === true || isWritten(jail, 'exec.init', 'image')) continue;
    const message = `jail "${jail.name}" has nothing to run`;
    yield error(
      jail,
      'nothing-to-run',
      jail.merged.block.place,
      message,
      'set command, exec.start or persist',
    );
  }
}

function* healthIsDefined({ jails }: Drafts) {
  for (const jail of jails) {
    if (jail.values.ready !== 'health' || isWritten(jail, 'health.command', 'health.tcp', 'health.http'))
      continue;
    const message = 'ready = health needs a check';
    yield error(
      jail,
      'bad-value',
      placeOf(jail.merged, 'ready'),
      message,
      'set health.command, health.tcp or health.http',
    );
  }
}

function* dependenciesExist({ jails, byName }: Drafts) {
  for (const jail of jails)
    for (const parameter of ['depend', 'depend.bind'] as const)
      for (const name of jail.values[parameter] ?? []) {
        if (byName.has(name)) continue;
        const message = `jail "${jail.name}" depends on "${name}", which is not defined`;
        yield error(jail, 'undefined-dependency', placeOf(jail.merged, parameter), message);
      }
}

/** The names a jail waits for: those of depend, and the jail that its dotted name is below. */
export function dependenciesOf(name: string, depend: readonly string[]): readonly string[] {
  const dot = name.lastIndexOf('.');
  return dot > 0 ? [...depend, name.slice(0, dot)] : depend;
}

function* dependenciesHaveNoCycle({ byName }: Drafts) {
  const edges = new Map<string, readonly string[]>();
  for (const [name, { values }] of byName) {
    const targets = dependenciesOf(name, values.depend ?? []);
    if (targets.length > 0) edges.set(name, targets);
  }
  for (const { members, path } of findCycles(edges)) {
    const shown = path.length > 12 ? [...path.slice(0, 10), '...', path.at(-1)] : path;
    for (const member of members) {
      const jail = byName.get(member);
      if (jail === undefined) continue;
      const message = `"${member}" is part of a dependency cycle: ${shown.join(' -> ')}`;
      yield error(
        jail,
        'dependency-cycle',
        placeOf(jail.merged, 'depend'),
        message,
        'no jail of a cycle can start first',
      );
    }
  }
}

function* addressesHaveANetwork({ jails }: Drafts) {
  for (const jail of jails)
    for (const family of ['ip4', 'ip6'] as const) {
      const policy = jail.values[family];
      const addresses = jail.values[`${family}.addr`] ?? [];
      if (addresses.length === 0 || policy === undefined || policy === 'new') continue;
      const message = `${family}.addr has no effect with ${family} = ${policy}`;
      const place = placeOf(jail.merged, `${family}.addr`);
      yield error(
        jail,
        'address-without-network',
        place,
        message,
        `remove one of them, or write ${family} = new`,
      );
    }
}

/** An interface can only be moved into a network stack of the jail's own. */
function* interfacesHaveANetwork({ jails }: Drafts) {
  for (const jail of jails) {
    const { values } = jail;
    if ((values['vnet.interface']?.length ?? 0) === 0) continue;
    const shared = (['vnet', 'ip4', 'ip6'] as const).find((name) => values[name] === 'inherit');
    if (shared === undefined) continue;
    const message = `vnet.interface has no effect with ${shared} = inherit`;
    const place = placeOf(jail.merged, 'vnet.interface');
    yield error(jail, 'address-without-network', place, message, 'remove one of them, or write vnet = new');
  }
}

/** One address leads to one jail; behind different bridges there may be networks that do not meet. */
function* addressesAreUnique({ jails }: Drafts) {
  const owners = new Map<string, Draft>();
  for (const jail of jails)
    for (const parameter of ['ip4.addr', 'ip6.addr'] as const)
      for (const { address } of jail.values[parameter] ?? []) {
        const key = `${jail.values.bridge ?? ''} ${address}`;
        const owner = owners.get(key);
        owners.set(key, owner ?? jail);
        if (owner === undefined || owner.name === jail.name) continue;
        const message = `${address} is the address of jail "${owner.name}" already (${where(placeOf(owner.merged, parameter))})`;
        yield error(jail, 'duplicate-address', placeOf(jail.merged, parameter), message);
      }
}

const mountParameters = [
  ...(['allow.mount.devfs', 'allow.mount.nullfs', 'allow.mount.procfs', 'allow.mount.linprocfs'] as const),
  ...(['allow.mount.linsysfs', 'allow.mount.tmpfs'] as const),
];

/** jail(8): every allow.mount.* needs allow.mount, and that an enforce_statfs below 2. */
function* mountsAreAllowed({ jails }: Drafts) {
  for (const jail of jails) {
    const { values, merged } = jail;
    const given = mountParameters.filter((name) => values[name] === true && jail.origin.has(name));
    if (values['allow.mount'] !== true) {
      for (const name of given)
        yield warning(
          jail,
          placeOf(merged, name),
          `"${name}" allows nothing without allow.mount`,
          'write allow.mount;',
        );
    } else if (values.enforce_statfs === 2) {
      const message = 'with enforce_statfs = 2 the jail mounts nothing, whatever allow.mount says';
      yield warning(jail, placeOf(merged, 'enforce_statfs'), message, 'write enforce_statfs = 1;');
    }
  }
}
