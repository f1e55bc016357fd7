import {
  addressesAreOfHosts,
  addressesAreUnique,
  addressesFitTheirBridge,
  hardwareAddressesAreUnique,
} from './addressing.js';
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
import type { ParamName } from '../params.js';
import type { Drafts, Found } from './draft.js';
import { forwardsAreApart, forwardsArrive, masqueradesHaveSources } from './forwards.js';

type NetworkRule = (drafts: Drafts, bridges: Bridges) => Iterable<Found>;

/** Rules about every address. */
const addressRules: readonly NetworkRule[] = [
  addressesAreOfHosts,
  addressesAreUnique,
  addressesFitTheirBridge,
];

/** Rules about what few jails have, in the order that reads best when several are broken. */
const otherRules: readonly NetworkRule[] = [
  attachmentIsOne,
  sharedNetworkIsLeftAlone,
  settingsHaveALink,
  hardwareAddressesAreUnique,
  (_, { found }) => found,
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

/** The parameters that these are about. */
const beyondAddresses: readonly ParamName[] = [
  ...([
    'bridge',
    'bridge.subnet',
    'macvlan',
    'mac',
    'gateway',
    'nat',
    'rdr',
    'dns',
    'mtu',
    'isolate',
  ] as const),
  ...(['net.ingress.max', 'net.egress.max'] as const),
];

/** What clashes in the networks of all jails. */
export function* networksAreSound(drafts: Drafts): Iterable<Found> {
  const jails = drafts.jails.filter(({ values }) =>
    beyondAddresses.some((name) => values[name] !== undefined),
  );
  const bridges = bridgesOf(jails);
  for (const rule of addressRules) yield* rule(drafts, bridges);
  if (jails.length > 0) for (const rule of otherRules) yield* rule({ ...drafts, jails }, bridges);
}
