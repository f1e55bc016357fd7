import { placeOf, placeOfElement } from '../check.js';
import { quotedPlace } from '../culprit.js';
import { error, type Draft, type Drafts } from './draft.js';
import { withNote, type Place } from '../syntax/source.js';

/** Addresses go to a network stack of the jail’s own. */
export function* addressesHaveANetwork({ jails }: Drafts) {
  for (const jail of jails)
    for (const family of ['ip4', 'ip6'] as const) {
      const policy = jail.values[family];
      const addresses = jail.values[`${family}.addr`] ?? [];
      if (addresses.length === 0 || policy === undefined || policy === 'new') continue;
      const message = `${family}.addr has no effect with ${family} = ${policy}`;
      const place = placeOf(jail.merged, `${family}.addr`);
      yield error(
        jail,
        'address-without-network',
        place,
        message,
        `remove one of them, or write ${family} = new`,
      );
    }
}

/** An interface can only be moved into a network stack of the jail's own. */
export function* interfacesHaveANetwork({ jails }: Drafts) {
  for (const jail of jails) {
    const { values } = jail;
    if ((values['vnet.interface']?.length ?? 0) === 0) continue;
    const shared = (['vnet', 'ip4', 'ip6'] as const).find((name) => values[name] === 'inherit');
    if (shared === undefined) continue;
    const message = `vnet.interface has no effect with ${shared} = inherit`;
    const place = placeOf(jail.merged, 'vnet.interface');
    yield error(jail, 'address-without-network', place, message, 'remove one of them, or write vnet = new');
  }
}

/** One address leads to one jail; behind different bridges there may be networks that do not meet. */
export function* addressesAreUnique({ jails }: Drafts) {
  const owners = new Map<string, Draft>();
  for (const jail of jails)
    for (const parameter of ['ip4.addr', 'ip6.addr'] as const)
      for (const [index, { address }] of (jail.values[parameter] ?? []).entries()) {
        const key = `${jail.values.bridge ?? ''} ${address}`;
        const owner = owners.get(key);
        owners.set(key, owner ?? jail);
        if (owner === undefined || owner.name === jail.name) continue;
        const message = `${address} is the address of jail "${owner.name}" already`;
        const place = addressPlace(jail, parameter, index);
        const other = (owner.values[parameter] ?? []).findIndex((one) => one.address === address);
        const [, diagnostic] = error(jail, 'duplicate-address', place, message);
        yield [
          jail,
          withNote(diagnostic, addressPlace(owner, parameter, other), 'it is written here'),
        ] as const;
      }
}

function addressPlace({ merged, values }: Draft, parameter: 'ip4.addr' | 'ip6.addr', index: number): Place {
  const all = values[parameter] ?? [];
  const place = placeOfElement(merged, parameter, index, all.length);
  return quotedPlace(place, `"${all[index]?.address ?? ''}"`);
}
