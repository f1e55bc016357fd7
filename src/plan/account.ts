import type { Jail } from '../config/jail.js';
import { PlanError } from './error.js';
import type { HostFacts } from './facts.js';
import type { LaunchRecord } from './step.js';
import { idCount } from './uidrange.js';

/** The user of the host's passwd that commands inside run as, by name, or null: the jail's own passwd decides. */
export function systemJailUser({ values }: Jail): string | null {
  const user = values['exec.jail_user'] ?? 'root';
  const named = values['exec.system_jail_user'] === true && !/^\d+(:\d+)?$/.test(user);
  return named ? user : null;
}

/**
 * Who commands inside run as. A user of the host has his numbers, name, home and shell inside, and his main group alone.
 * @throws PlanError when the host has no such user, or the jail has no such number.
 */
export function userRecords(jail: Jail, facts: HostFacts): readonly LaunchRecord[] {
  const user = jail.values['exec.jail_user'];
  const name = systemJailUser(jail);
  if (name === null) return user === undefined ? [] : [['user', user]];
  const found = facts.systemUser ?? null;
  if (found === null)
    throw new PlanError(
      'exec.jail_user',
      name,
      'no such user in /etc/passwd of the host',
      'see getent passwd',
    );
  const { uid, gid, home, shell } = found;
  const ids = facts.uidBase === null ? Infinity : idCount(jail.values);
  if (Math.max(uid, gid) >= ids)
    throw new PlanError(
      'exec.jail_user',
      name,
      `the jail has no id ${Math.max(uid, gid)}`,
      `its ids end at ${ids - 1}`,
    );
  return [
    ['user', `${uid}:${gid}`],
    ['account', found.name, home, shell === '' ? '/bin/sh' : shell],
  ];
}
