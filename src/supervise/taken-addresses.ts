import type { Jail } from '../config/compile.js';
import { attachOf } from './status/network-status.js';
import type { Roster } from './roster.js';

const addressesOf = ({ values }: Jail): readonly string[] =>
  [...(values['ip4.addr'] ?? []), ...(values['ip6.addr'] ?? [])].map(({ address }) => address);

/**
 * Which address of a definition that is in no file another jail runs with, in words, or null.
 * @param before what the jail has now, which is not asked about
 */
export function addressOfAnother(next: Jail, before: Jail | null, { jails }: Roster): string | null {
  const known = before === null ? [] : addressesOf(before);
  const wanted = addressesOf(next).filter((address) => !known.includes(address));
  if (wanted.length === 0) return null;
  for (const { name, life } of jails.values()) {
    const attach = name === next.name ? null : attachOf(life?.plan ?? null);
    const there = attach === null ? [] : [...attach.ip4, ...attach.ip6].map(({ address }) => address);
    const taken = wanted.find((address) => there.includes(address));
    if (taken !== undefined) return `${taken} is an address of jail "${name}"`;
  }
  return null;
}
