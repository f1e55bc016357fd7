import { addressesAreUnique, addressesFitTheirBridge, hardwareAddressesAreUnique } from './addressing.js';
import {
  attachmentIsOne,
  bridgesAreMadeFirst,
  gatewaysAreNear,
  ip6Fits,
  macvlanPassesTheHost,
  nothingIsAnnouncedTwice,
  serversAreAsked,
  settingsHaveALink,
  sharedNetworkIsLeftAlone,
} from './attachment.js';
import { bridgesOf, type Bridges } from './bridges.js';
import type { Drafts, Found } from './draft.js';
import { forwardsAreApart, forwardsArrive, masqueradesHaveSources } from './forwards.js';

type NetworkRule = (drafts: Drafts, bridges: Bridges) => Iterable<Found>;

/** Rules between the parameters of networks, in the order that reads best when several are broken. */
const rules: readonly NetworkRule[] = [
  attachmentIsOne,
  sharedNetworkIsLeftAlone,
  settingsHaveALink,
  addressesAreUnique,
  hardwareAddressesAreUnique,
  (_, { found }) => found,
  addressesFitTheirBridge,
  bridgesAreMadeFirst,
  gatewaysAreNear,
  macvlanPassesTheHost,
  nothingIsAnnouncedTwice,
  ip6Fits,
  forwardsArrive,
  forwardsAreApart,
  masqueradesHaveSources,
  serversAreAsked,
];

/** What clashes in the networks of all jails. */
export function* networksAreSound(drafts: Drafts): Iterable<Found> {
  const bridges = bridgesOf(drafts.jails);
  for (const rule of rules) yield* rule(drafts, bridges);
}
