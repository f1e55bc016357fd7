import type { Finding } from '../../config/finding.js';
import type { ParamName } from '../../config/params.js';
import { commandArgv } from '../command.js';
import { markReach, reachOf } from '../reach.js';
import { policyBase } from '../seccomp.js';
import { elementOf, finding, mountedBy, type Mount, type Subject } from './subject.js';

/** A path of the host that a jail names, and where. */
interface Named {
  readonly path: string;
  readonly at: Mount['at'];
}

const hooks = [
  ...(['exec.prepare', 'exec.prestart', 'exec.created', 'exec.poststart'] as const),
  ...(['exec.prestop', 'exec.poststop', 'exec.release'] as const),
] as const satisfies readonly ParamName[];

function namedBy({ jail: { values }, mounts }: Subject): readonly Named[] {
  const policy = policyBase(values);
  const log = values['exec.consolelog'];
  return [
    ...mounts.flatMap((mount) => {
      const source = mountedBy(mount)?.source ?? null;
      return source === null ? [] : [{ path: source, at: mount.at }];
    }),
    ...(values['mount.fstab'] ?? []).map((path, element): Named => ({
      path,
      at: { parameter: 'mount.fstab', element },
    })),
    ...(log === undefined ? [] : [{ path: log, at: { parameter: 'exec.consolelog' } as const }]),
    ...(policy.kind === 'file' ? [{ path: policy.path, at: { parameter: 'seccomp' } as const }] : []),
  ];
}

/** Programs that the host runs for a jail, but for those in the words of a shell. */
function programsOf(subject: Subject): readonly Named[] {
  return hooks.flatMap((phase) =>
    (subject.jail.values[phase] ?? []).flatMap((command) => {
      const path = commandArgv(command)?.argv[0];
      return path?.startsWith('/') === true ? [{ path, at: elementOf(subject, phase, command) }] : [];
    }),
  );
}

/** What is read, mounted or run for a jail lies where no other can change it; the host runs nothing that a jail can. */
export function* pathsAreOutOfReach(subjects: readonly Subject[]): Iterable<Finding> {
  const owners = new Map<string, string>();
  for (const { jail } of subjects)
    for (const directory of reachOf({ path: jail.values.path ?? '/' }))
      if (!owners.has(directory)) owners.set(directory, jail.name);
  const roots = new Set(owners.keys());
  const ownerOf = (path: string): string | undefined => {
    const marked = markReach(path, roots);
    const end = marked.indexOf('//');
    return end < 0 ? undefined : owners.get(marked.slice(0, end));
  };
  for (const subject of subjects) {
    const own = ownerOf(`${subject.jail.values.path ?? '/'}/.x`);
    for (const { path, at } of namedBy(subject)) {
      const owner = ownerOf(path);
      if (owner === undefined || owner === own) continue;
      const message = `${path} lies in the root of jail "${owner}", which can change it`;
      yield finding(subject, 'warning', 'nested-path', at, message, 'no link in that root is followed');
    }
    for (const { path, at } of programsOf(subject)) {
      const owner = ownerOf(path);
      if (owner === undefined) continue;
      const message = `the host runs ${path}, which jail "${owner}" can change`;
      yield finding(subject, 'warning', 'own-file', at, message, 'take a program of the host');
    }
  }
}
