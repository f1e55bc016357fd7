import type { Finding } from '../../config/finding.js';
import type { Fstab } from '../../config/fstab.js';
import type { Jail } from '../../config/jail.js';
import type { ParamName } from '../../config/params.js';
import { limitNames } from '../limit-amounts.js';
import type { HostView } from '../host-view.js';
import { bridgesAreThere, mtuFits, subnetsAreFree } from './bridges.js';
import { devicesAreThere, policyIsThere, workdirIsThere } from './files.js';
import { filterIsThere, portsAreFree } from './forwards.js';
import { labelNames } from '../labels.js';
import { idsAreApart, usersAreItsOwn } from './ids.js';
import { labelsAreTaken } from './labels.js';
import {
  amountsAreBelowTheHosts,
  devicesExist,
  limitsAreKnownHere,
  rlimitNames,
  rlimitsCanBeSet,
} from './limits.js';
import { basesAreThere, basesStayAsTheyAre, layersAreApart, upperIsPlain } from './layers.js';
import { ownersCanBeMapped } from './owners.js';
import { fstabsAreReadable, mountsCanBeMade } from './mounts.js';
import {
  addressesAreFree,
  interfacesAreApart,
  interfacesExist,
  ip6IsThere,
  subnetsAreApart,
} from './network.js';
import { hooksExist, programsExist } from './programs.js';
import { ratesHold } from './rates.js';
import { pathsAreOutOfReach } from './reach.js';
import { doorsAreMeant } from './doors.js';
import { hostKeepsItsOwn, mountsLeaveTheHostItsOwn } from './host-directories.js';
import { linksAreSure } from './links.js';
import { logIsKept } from './log-targets.js';
import { rootIsThere, rootsAreApart, rootsAreClosed } from './roots.js';
import { subjectOf, type Subject } from './subject.js';
import { usersExist } from './users.js';

type JailRule = (subject: Subject, host: HostView) => Iterable<Finding>;
type HostRule = (subjects: readonly Subject[], host: HostView) => Iterable<Finding>;

const hooks: readonly ParamName[] = [
  ...(['exec.prepare', 'exec.prestart', 'exec.created', 'exec.poststart'] as const),
  ...(['exec.prestop', 'exec.poststop', 'exec.release'] as const),
];
const programs: readonly ParamName[] = ['exec.start', 'command', 'exec.stop', 'health.command', 'exec.init'];
const links: readonly ParamName[] = [
  'interface',
  'ip4.addr',
  'ip6.addr',
  'vnet.interface',
  'macvlan',
  'rdr',
  'nat',
];
const amounts: readonly ParamName[] = [
  ...(['memory.max', 'memory.high', 'memory.low', 'memory.min', 'cpu.max', 'pids.max'] as const),
  ...(['cpuset.cpus', 'cpuset.mems'] as const),
];

/** Rules about one jail on the host, and the parameters they are about, in the order that reads best. */
const jailRules: readonly (readonly [readonly ParamName[], JailRule])[] = [
  [['path'], rootIsThere],
  [['path', 'base'], hostKeepsItsOwn],
  [['mount', 'mount.fstab'], mountsLeaveTheHostItsOwn],
  [['path', 'base', 'mount', 'mount.fstab', 'seccomp', 'exec.consolelog'], linksAreSure],
  [['base'], basesAreThere],
  [['base'], layersAreApart],
  [['base'], upperIsPlain],
  [['path'], ownersCanBeMapped],
  [['userns'], usersAreItsOwn],
  [['seccomp', 'caps', 'caps.add', 'devices'], doorsAreMeant],
  [['mount.fstab'], fstabsAreReadable],
  [['mount', 'mount.fstab'], mountsCanBeMade],
  [['exec.system_user', 'exec.jail_user'], usersExist],
  [programs, programsExist],
  [hooks, hooksExist],
  [['exec.consolelog', 'log.target'], logIsKept],
  [['exec.workdir'], workdirIsThere],
  [['seccomp'], policyIsThere],
  [['devices'], devicesAreThere],
  [labelNames, labelsAreTaken],
  [links, interfacesExist],
  [['mtu'], mtuFits],
  [['nat', 'rdr', 'isolate'], filterIsThere],
  [['rdr'], portsAreFree],
  [['net.ingress.max', 'net.egress.max'], ratesHold],
  [['ip6.addr'], ip6IsThere],
  [['ip4.addr', 'ip6.addr'], addressesAreFree],
  [[...limitNames, 'rctl', 'rctl.file', 'time.offset'], limitsAreKnownHere],
  [amounts, amountsAreBelowTheHosts],
  [['io.max'], devicesExist],
  [rlimitNames, rlimitsCanBeSet],
];

/** Parameter → places of the rules about it: of ten thousand jails most have a few parameters. */
const rulesOf = new Map<string, number[]>();
for (const [index, [names]] of jailRules.entries())
  for (const name of names) rulesOf.set(name, [...(rulesOf.get(name) ?? []), index]);

function* adviseOnOne(subject: Subject, host: HostView): Iterable<Finding> {
  const concerned = new Set<number>();
  for (const name of Object.keys(subject.jail.values))
    for (const index of rulesOf.get(name) ?? []) concerned.add(index);
  for (const [index, [, rule]] of jailRules.entries()) if (concerned.has(index)) yield* rule(subject, host);
}

/** Rules that compare jails. */
const hostRules: readonly HostRule[] = [
  ...[rootsAreApart, rootsAreClosed, pathsAreOutOfReach, basesStayAsTheyAre],
  ...[bridgesAreThere, subnetsAreFree, interfacesAreApart, subnetsAreApart, idsAreApart],
];

/**
 * What can be found wrong with jails on this host without doing anything: what is certain to fail their start is an
 * error, what may be meant is a warning, and of what cannot be looked at nothing is said. A jail that the files
 * themselves have spoilt is left out.
 */
export function adviseOn(jails: readonly Jail[], host: HostView): readonly Finding[] {
  const fstabs = new Map<string, Fstab | null>();
  const subjects = jails.filter(({ failed }) => !failed).map((jail) => subjectOf(jail, host, fstabs));
  const findings: Finding[] = [];
  for (const subject of subjects) for (const found of adviseOnOne(subject, host)) findings.push(found);
  for (const rule of hostRules) for (const found of rule(subjects, host)) findings.push(found);
  return findings;
}
