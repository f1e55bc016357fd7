import { placeOf } from '../check.js';
import type { Diagnostic } from '../diagnostic.js';
import type { Draft, Drafts } from './draft.js';
import type { JailParams, ParamName } from '../params.js';
import { diagnose } from '../syntax/source.js';

/** Values that rule each other out, and values that mean nothing beside others: what Linux makes of namespaces and policies. */
type Found = Iterable<readonly [Draft, Diagnostic]>;

const mistake = (jail: Draft, name: ParamName, message: string, hint: string) =>
  [jail, diagnose('error', 'bad-value', placeOf(jail.merged, name), message, hint)] as const;
const silence = (jail: Draft, name: ParamName, hint: string) =>
  [
    jail,
    diagnose('warning', 'without-effect', placeOf(jail.merged, name), `"${name}" does nothing here`, hint),
  ] as const;

const names = ['host.hostname', 'host.domainname', 'host.hostuuid', 'host.hostid'] as const;

/** Of the host's UTS namespace a jail changes nothing. */
export function* inheritedHostHasNoName({ jails }: Drafts): Found {
  for (const jail of jails) {
    if (jail.values.host !== 'inherit') continue;
    for (const name of names)
      if (jail.values[name] !== undefined)
        yield mistake(jail, name, `${name} cannot be set with host = inherit`, 'remove one of them');
    if (jail.values['allow.set_hostname'] === true)
      yield silence(jail, 'allow.set_hostname', 'with host = inherit the name is that of the host');
  }
}

const systemV = ['sysvmsg', 'sysvsem', 'sysvshm'] as const;

/** One IPC namespace holds all three. */
export function* sharedIpcIsNotNew({ jails }: Drafts): Found {
  for (const jail of jails) {
    const shared = systemV.find((name) => jail.values[name] === 'inherit');
    if (shared === undefined) continue;
    for (const name of systemV)
      if (jail.values[name] === 'new')
        yield mistake(
          jail,
          name,
          `${name} cannot be new when ${shared} is inherit`,
          'write inherit or disable: one namespace holds all three',
        );
  }
}

/** Only in a namespace of its own are a jail's namespaces counted. */
export function* childrenAreCounted({ jails }: Drafts): Found {
  for (const jail of jails)
    if ((jail.values['children.max'] ?? 0) > 0 && jail.values.userns === 'off')
      yield mistake(
        jail,
        'children.max',
        'children.max needs a user namespace, which counts them',
        'remove userns = off',
      );
}

const ofHostRoot = ['allow.chflags', 'allow.adjtime', 'allow.settime', 'allow.setaudit'] as const;

/** The kernel looks whether it is the host's root that asks. */
export function* hostRootIsMeant({ jails }: Drafts): Found {
  for (const jail of jails) {
    if (jail.values.userns === 'off') continue;
    for (const name of ofHostRoot)
      if (jail.values[name] === true)
        yield silence(
          jail,
          name,
          'the kernel lets only root of the host do it, and root of a jail is that with userns = off',
        );
  }
}

/** What only a system call policy can do. */
const byPolicy: readonly (readonly [ParamName, (values: JailParams) => boolean])[] = [
  ...systemV.map((name) => [name, (values: JailParams) => values[name] === 'disable'] as const),
  ['allow.sysvipc', (values) => values['allow.sysvipc'] === false],
  ['allow.unprivileged_proc_debug', (values) => values['allow.unprivileged_proc_debug'] === false],
];

/** What the default policy or one of a file does. */
export function* policyIsThere({ jails }: Drafts): Found {
  for (const jail of jails) {
    if (jail.values.seccomp !== 'off') continue;
    for (const [name, asks] of byPolicy)
      if (asks(jail.values)) yield silence(jail, name, 'it is done by seccomp, which is off');
  }
}

/** There is nothing that it could be the size of. */
export function* roomIsForSomething({ jails }: Drafts): Found {
  for (const jail of jails)
    if (jail.origin.has('ephemeral.size') && jail.values.ephemeral !== true)
      yield silence(
        jail,
        'ephemeral.size',
        'only what an ephemeral jail writes has a size: write ephemeral;',
      );
}
