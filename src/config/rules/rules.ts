import { addressesHaveANetwork, interfacesHaveANetwork } from './addressing.js';
import { commandsAreOfLinux, interfacesAreOfLinux } from './freebsd-network.js';
import { networksAreSound } from './network.js';
import { placeOf, placeOfElement } from '../check.js';
import {
  childrenAreCounted,
  hostRootIsMeant,
  inheritedHostHasNoName,
  policyIsThere,
  roomIsForSomething,
  sharedIpcIsNotNew,
} from './combinations.js';
import { findCycles } from './cycles.js';
import type { Diagnostic } from '../diagnostic.js';
import { error, idle, isWritten, type Draft, type Drafts, type Found } from './draft.js';
import { hostNamesFit, nameIsUnique, nameIsUsable, numberIsUnique, starsAreWildcards } from './naming.js';
import { nearestOf } from '../nearest.js';
import type { ParamName } from '../params.js';

/** A rule finds what is wrong with each jail that breaks it. */
type Rule = (drafts: Drafts) => Iterable<Found>;

/** Rules that concern more than one parameter, in the order that reads best when several are broken. */
const rules: readonly Rule[] = [
  nameIsUsable,
  starsAreWildcards,
  nameIsUnique,
  numberIsUnique,
  hostNamesFit,
  pathIsGiven,
  somethingRuns,
  healthIsDefined,
  dependenciesExist,
  dependenciesHaveNoCycle,
  addressesHaveANetwork,
  interfacesHaveANetwork,
  networksAreSound,
  interfacesAreOfLinux,
  commandsAreOfLinux,
  inheritedHostHasNoName,
  sharedIpcIsNotNew,
  childrenAreCounted,
  hostRootIsMeant,
  policyIsThere,
  roomIsForSomething,
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

/** Whether what seems to be missing is there under a wrong name, of which the jail is told already. */
function isMisspelt({ diagnostics }: Draft, ...names: ParamName[]): boolean {
  return diagnostics.some(
    ({ code, hint }) =>
      code === 'unknown-parameter' && names.some((name) => hint === `did you mean "${name}"?`),
  );
}

function* pathIsGiven({ jails }: Drafts) {
  for (const jail of jails)
    if (!isWritten(jail, 'path') && !isMisspelt(jail, 'path'))
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
    if (isMisspelt(jail, 'exec.start', 'command', 'persist')) continue;
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
      for (const [index, name] of (jail.values[parameter] ?? []).entries()) {
        if (byName.has(name)) continue;
        const message = `jail "${jail.name}" depends on "${name}", which is not defined`;
        const place = placeOfElement(jail.merged, parameter, index, jail.values[parameter]?.length ?? 0);
        yield error(jail, 'undefined-dependency', place, message, nearestJail(name, byName));
      }
}

/** With more jails than that, looking for similar names would take longer than all the rest. */
const MAX_COMPARED = 1000;

function nearestJail(name: string, byName: ReadonlyMap<string, Draft>): string | undefined {
  const nearest = byName.size > MAX_COMPARED ? null : nearestOf(name, [...byName.keys()]);
  return nearest === null ? undefined : `did you mean "${nearest}"?`;
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
        yield idle(
          jail,
          placeOf(merged, name),
          `"${name}" allows nothing without allow.mount`,
          'write allow.mount;',
        );
    } else if (values.enforce_statfs === 2) {
      const message = 'with enforce_statfs = 2 the jail mounts nothing, whatever allow.mount says';
      yield idle(jail, placeOf(merged, 'enforce_statfs'), message, 'write enforce_statfs = 1;');
    }
  }
}
