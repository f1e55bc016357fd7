import type { JailParams } from '../config/params.js';
import type { MountEntry } from '../config/values/mount.js';
import { PlanError } from '../plan/error.js';
import { bindsOf, type Reach } from '../plan/reach.js';
import { plainPath, within } from '../plan/path-name.js';
import { policyBase } from '../plan/seccomp.js';
import { wayOf, type Way } from '../plan/way.js';
import { lookAt } from './path-fact.js';

/** A path of the host, and the parameter that names it. */
type Named = readonly [parameter: string, path: string];

/** What a jail is made of and what is read for it. What lies in its own root is looked for as the jail would. */
export function namedPaths(values: JailParams, entries: readonly MountEntry[] = []): readonly Named[] {
  const { path } = values;
  const policy = policyBase(values);
  const log = values['exec.consolelog'];
  const isOutside = (file: string): boolean =>
    path === undefined || !within(plainPath(file), plainPath(path));
  return [
    ...(path === undefined ? [] : [['path', path] as const]),
    ...(values.base ?? []).map((directory) => ['base', directory] as const),
    ...bindsOf(values, entries).flatMap(({ source }) =>
      isOutside(source) ? [['mount', source] as const] : [],
    ),
    ...(values['mount.fstab'] ?? []).map((file) => ['mount.fstab', file] as const),
    ...(policy.kind === 'file' ? [['seccomp', policy.path] as const] : []),
    ...(log === undefined ? [] : [['exec.consolelog', log] as const]),
  ].filter(([, file]) => file.startsWith('/'));
}

/**
 * Follows paths as they are now.
 * @throws PlanError for one with a link that somebody else than root may have laid.
 */
export function followWays(named: readonly Named[]): ReadonlyMap<string, Way> {
  const seen = new Map<string, ReturnType<typeof lookAt>>();
  const look = (path: string): ReturnType<typeof lookAt> => {
    const known = seen.get(path) ?? lookAt(path);
    seen.set(path, known);
    return known;
  };
  return new Map(
    named.map(([parameter, path]) => {
      const way = wayOf(path, look);
      if (way.astray !== null) throw strayed(parameter, path, way.astray);
      return [path, way];
    }),
  );
}

/** Where jails can lay links, and where on the ways others can. */
export function withBrinks(reach: Reach, ways: ReadonlyMap<string, Way>): Reach {
  const brinks = [...ways.values()].flatMap(({ brink }) => (brink === null ? [] : [plainPath(brink.named)]));
  return brinks.length === 0 ? reach : new Set([...reach, ...brinks]);
}

function strayed(parameter: string, path: string, { link, through }: NonNullable<Way['astray']>): PlanError {
  return new PlanError(
    parameter,
    path,
    `the symbolic link ${link} is not followed: others than root can put one in ${through}`,
    `write where it leads to, or make ${through} root's: chown root:root, chmod go-w`,
  );
}
