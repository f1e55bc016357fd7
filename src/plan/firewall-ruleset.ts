import { forwardsOf } from './firewall-forward.js';
import { guardRules, hairpinRules, shortcutRules, type LoopbackLinks } from './firewall-hairpin.js';
import { isolationRules } from './firewall-isolation.js';
import { masqueradeRules } from './firewall-masquerades.js';
import { redirectRules } from './firewall-redirects.js';
import { NOTHING_LENT, strangerRules, type LentForwarding } from './firewall-strangers.js';
import { inOrder, NONE, rules, tableScript } from './firewall-text.js';
import type { Instance } from './instance.js';
import type { FirewallArgs } from './step.js';

/** The name of an instance's table. */
export const tableName = ({ key }: Pick<Instance, 'key'>): string => (key === '' ? 'jaild' : `jaild_${key}`);

/**
 * The whole table of an instance as a script for nft(8), which puts it in place of the one before in one transaction.
 * It depends on no other table: what others drop stays dropped.
 * @param guarded where the host takes packets to its loopback addresses
 * @param lent where it passes packets on for jails alone
 */
export function rulesetScript(
  instance: Pick<Instance, 'key' | 'prefix'>,
  all: readonly FirewallArgs[],
  guarded: LoopbackLinks,
  lent: LentForwarding = NOTHING_LENT,
): string {
  const redirects = redirectRules(all.flatMap(forwardsOf));
  const has = redirects.lines.length > 0;
  const isolation = isolationRules(all);
  const { forward, strangers } = strangerRules(all, lent);
  const owner = instance.prefix === '' ? 'jaild' : `jaild --prefix ${instance.prefix}`;
  return tableScript(tableName(instance), commentOf(owner), [
    { name: 'rdr', rules: redirects },
    { name: 'hairpin', rules: hairpinRules(all) },
    { name: 'to_isolated', rules: isolation.to },
    { name: 'strangers', rules: strangers },
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
    {
      name: 'forward',
      hook: 'type filter hook forward priority filter',
      rules: inOrder(forward, isolation.forward),
    },
    {
      name: 'postrouting',
      hook: 'type nat hook postrouting priority srcnat',
      rules: inOrder(has ? rules('ct status dnat jump hairpin') : NONE, masqueradeRules(all)),
    },
  ]);
}

/** Comments hold 128 bytes, and no quote. */
const commentOf = (owner: string): string =>
  `written by ${owner}, and anew at each change`.replace(/["\\\n]/g, '?').slice(0, 120);
