import { createHash } from 'node:crypto';
import type { Jail } from '../config/jail.js';
import type { JailParams } from '../config/params.js';
import { ADDRESS_BITS, familyOf, type Family } from '../config/values/family.js';
import { isWithin, networkAddress, subnetAsText } from '../config/values/subnet.js';
import { PlanError } from './error.js';
import type { HostFacts } from './facts.js';
import { linkName, type Instance } from './instance.js';
import type { Attachment, Forwarding, JailAddress, NetworkArgs } from './step.js';

/** The first word of the alias of every link that this instance makes: host-wide, and its own. */
export const linkOwner = ({ cgroupName }: Instance): string => cgroupName;

/** A locally administered unicast address that is the same at every start (IEEE 802: second bit of the first byte). */
export function stableMac(seed: string): string {
  const bytes = createHash('sha256').update(seed).digest().subarray(0, 6);
  bytes[0] = ((bytes[0] ?? 0) & 0xfc) | 0x02;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** One of those that a bridge takes for its own last, for it takes the lowest of its ports. */
const lastMac = (seed: string): string => stableMac(seed).replace(/^../, 'fe');

/** An address without a prefix has that of its subnet on a bridge that jaild makes: its neighbours are on the link. */
function onBridge({ address, prefix }: JailAddress, { bridge }: HostFacts): JailAddress {
  const isAlone = prefix === ADDRESS_BITS[familyOf(address)];
  const subnet = isAlone ? bridge?.subnets.find((one) => isWithin(address, one)) : undefined;
  return { address, prefix: subnet?.prefix ?? prefix };
}

/** Subnets that jaild has chosen are not known before: of those in a file the rules say the same. */
function refuseFarFromBridge({ address }: JailAddress, { bridge = '' }: JailParams, facts: HostFacts): void {
  const family = familyOf(address);
  const subnets = (facts.bridge?.subnets ?? []).filter((one) => familyOf(one.address) === family);
  if (subnets.length === 0 || subnets.some((one) => isWithin(address, one))) return;
  const there = subnets.map((one) => subnetAsText({ ...one, address: networkAddress(one) })).join(', ');
  const reason = `outside of the subnets of bridge ${bridge}`;
  throw new PlanError(`${family}.addr`, address, reason, `take another one of ${there}`);
}

/** The addresses written for the jail, those of its host name (jail(8), ip_hostname), and those that it was given. */
function addresses(values: JailParams, facts: HostFacts, family: Family): readonly JailAddress[] {
  if (values[family] === 'disable') return [];
  const written = (values[`${family}.addr`] ?? []).map((one) => {
    refuseFarFromBridge(one, values, facts);
    return { ...one, ...onBridge(one, facts) };
  });
  const isNew = ({ address }: JailAddress): boolean =>
    familyOf(address) === family && !written.some((one) => one.address === address);
  const found = facts.hostnameAddresses.map((address) =>
    onBridge({ address, prefix: ADDRESS_BITS[family] }, facts),
  );
  const isRouted = values.bridge === undefined && values.macvlan === undefined;
  // On a bridge, and with a device of its own, the jail answers by itself.
  const announced = (one: JailAddress, on: string | undefined = values.interface): JailAddress =>
    on === undefined || !isRouted ? one : { ...one, announceOn: on };
  return [
    ...written.map(({ address, prefix, interface: on }) => announced({ address, prefix }, on)),
    ...found.filter(isNew).map((one) => announced(one)),
    ...(facts.bridge?.leased ?? []).filter(isNew),
  ];
}

function attachmentOf(
  { bridge, macvlan, isolate = false, ...values }: JailParams,
  facts: HostFacts,
): Attachment {
  if (macvlan !== undefined) return { kind: 'macvlan', on: macvlan };
  if (bridge === undefined) return { kind: 'routed' };
  const make = values['bridge.subnet'] === undefined ? null : (facts.bridge?.subnets ?? []);
  return { kind: 'bridge', bridge, make, isolated: isolate };
}

/** Where answers to a jail come in whose packets the host passes on, beside the interfaces that announce its addresses. */
function forwardingOf(values: JailParams, attachment: Attachment): Forwarding | null {
  const { nat = [], rdr = [], gateway = [] } = values;
  const ways = [...nat, ...rdr];
  const isWayOut = attachment.kind === 'bridge' && attachment.make !== null && gateway.length === 0;
  if ((ways.length === 0 && !isWayOut) || attachment.kind === 'macvlan') return null;
  const named = ways.flatMap(({ on }) => on ?? []);
  const foreign = attachment.kind === 'bridge' && attachment.make === null ? [attachment.bridge] : [];
  return {
    interfaces: [...new Set([...foreign, ...named])],
    everywhere: isWayOut || ways.some(({ on }) => on === undefined),
  };
}

/** The network of a jail with its own stack; with no address and no bridge or interface to be on it is the loopback alone. */
export function jailNetwork({ name, values }: Jail, facts: HostFacts): NetworkArgs {
  const link = linkName(facts.instance, name);
  // Jails of one name on several hosts may meet on one wire.
  const seed = `${facts.machineId ?? ''} ${link}`;
  const attachment = attachmentOf(values, facts);
  const forwarding = forwardingOf(values, attachment);
  return {
    jail: name,
    owner: linkOwner(facts.instance),
    attachment,
    link,
    peer: 'eth0',
    linkMac: attachment.kind === 'bridge' ? lastMac(`${seed} host`) : stableMac(`${seed} host`),
    peerMac: values.mac ?? stableMac(`${seed} jail`),
    mtu: values.mtu ?? null,
    ip4: addresses(values, facts, 'ip4'),
    ip6: addresses(values, facts, 'ip6'),
    gateways: values.gateway ?? [],
    ...(forwarding !== null && { forwarding }),
  };
}

/** Whether there is more to a jail's network than its loopback. */
export function hasLink({ attachment, ip4, ip6 }: NetworkArgs): boolean {
  return attachment.kind !== 'routed' || ip4.length + ip6.length > 0;
}
