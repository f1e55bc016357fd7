import { forwardsOf } from './firewall-forward.js';
import { guardRules, hairpinRules, shortcutRules, type LoopbackLinks } from './firewall-hairpin.js';
import { isolationRules } from './firewall-isolation.js';
import { masqueradeRules } from './firewall-masquerades.js';
import { redirectRules } from './firewall-redirects.js';
import { inOrder, NONE, rules, tableOf, type Table } from './firewall-text.js';
import type { Instance } from './instance.js';
import type { FirewallArgs } from './step.js';

/** The name of an instance's table. */
export const tableName = ({ key }: Pick<Instance, 'key'>): string => (key === '' ? 'jaild' : `jaild_${key}`);

/**
 * The table of an instance. It depends on no other one: what others drop stays dropped. A chain has one hook at all times,
 * and a set or map one type: in a table that is there they cannot be changed.
 * @param guarded where the host takes packets to its loopback addresses
 */
export function rulesetOf(
  instance: Pick<Instance, 'key' | 'prefix'>,
  all: readonly FirewallArgs[],
  guarded: LoopbackLinks,
): Table {
  const redirects = redirectRules(all.flatMap(forwardsOf));
  const has = redirects.lines.length > 0;
  const isolation = isolationRules(all);
  const owner = instance.prefix === '' ? 'jaild' : `jaild --prefix ${instance.prefix}`;
  return tableOf(tableName(instance), commentOf(owner), [
    { name: 'rdr', rules: redirects },
    { name: 'hairpin', rules: hairpinRules(all) },
    { name: 'to_isolated', rules: isolation.to },
    { name: 'guard', hook: 'type filter hook prerouting priority raw', rules: guardRules(guarded) },
    {
      name: 'prerouting',
      hook: 'type nat hook prerouting priority dstnat',
      // What comes from elsewhere to these is forged, and would be redirected before the kernel sees that.
      rules: has ? rules('ip daddr 127.0.0.0/8 accept', 'ip6 daddr ::1 accept', 'jump rdr') : NONE,
    },
    {
      name: 'output',
      hook: 'type nat hook output priority -100',
      rules: has ? rules('jump rdr') : NONE,
    },
    { name: 'shortcut', hook: 'type filter hook output priority filter', rules: shortcutRules(all) },
    { name: 'forward', hook: 'type filter hook forward priority filter', rules: isolation.forward },
    {
      name: 'postrouting',
      hook: 'type nat hook postrouting priority srcnat',
      rules: inOrder(has ? rules('ct status dnat jump hairpin') : NONE, masqueradeRules(all)),
    },
  ]);
}

/** Comments hold 128 bytes, and no quote. */
const commentOf = (owner: string): string =>
  `kept by ${owner}, which undoes what others change in it`.replace(/["\\\n]/g, '?').slice(0, 120);
