import { sharesHostNetwork } from '../../config/network-of.js';
import { isParamName, params, type JailParams } from '../../config/params.js';
import { hostSubnets } from '../../plan/lease-subnet.js';
import { rctlNeedsRestart } from '../../plan/rctl.js';

/** The parameters whose values differ, in the order of the table. */
export function changedParameters(before: JailParams, after: JailParams): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const of = (values: JailParams, name: string): string =>
    text((values as Readonly<Record<string, unknown>>)[name]);
  const changed = [...names].filter((name) => of(before, name) !== of(after, name));
  const order = Object.keys(params);
  return changed.sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

/** Values as one text: plain data, in which JSON would make unlimited and nothing the same. */
function text(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => (member === Infinity ? 'Infinity' : member)) ?? '';
}

/** Of the parameters whose values differ, those that cannot change while the jail runs. */
export function fixedParameters(before: JailParams, after: JailParams): readonly string[] {
  const isFixed = (name: string): boolean => {
    if (name === 'rctl') return rctlNeedsRestart(before, after);
    // Nobody changes the network namespace of what runs, nor the addresses of a bridge that others are on.
    if (name === 'gateway') return hostPlaces(before) !== hostPlaces(after);
    const isAddress = name === 'ip4.addr' || name === 'ip6.addr';
    return !isLive(name) || (isAddress && sharesHostNetwork(before) !== sharesHostNetwork(after));
  };
  return changedParameters(before, after).filter(isFixed);
}

/** Where the host is on the bridge that jaild makes for a jail; what `auto` stands for is nobody's choice. */
function hostPlaces({ gateway = [], 'bridge.subnet': written = [] }: JailParams): string {
  const subnets = written.filter((one) => one !== 'auto');
  return text([written.includes('auto') && gateway, hostSubnets(subnets, gateway)]);
}

function isLive(name: string): boolean {
  return name === 'metaKeys' || (isParamName(name) && params[name].live);
}
