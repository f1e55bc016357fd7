import type { JailParams } from '../config/params.js';
import { jailCapabilities } from './capabilities.js';
import { cgroupV2 } from './cgroup.js';
import { grantedNumbers, harmlessDevices } from './devices.js';
import { PlanError } from './error.js';
import type { CgroupFacts, HostFacts } from './facts.js';
import type { DeviceAccessArgs, Step } from './step.js';

/**
 * Those that any jail may have, ptmx and the terminals that it makes. Nothing of the host is behind them. Their nodes
 * alone decide which of them there are in a /dev.
 */
const harmless = [...harmlessDevices, '5:2', '136:*'];

/**
 * What processes of a jail may do with devices, whatever node they come by, in the form that devices.allow takes
 * (Documentation/admin-guide/cgroup-v1/devices.rst): to make a node of one ("m") is not among it.
 */
export function deviceRules(values: JailParams, facts: Pick<HostFacts, 'devices'>): readonly string[] {
  return [
    ...harmless.map((numbers) => `c ${numbers} rw`),
    ...grantedNumbers(values, facts).map(
      ({ type, numbers, read, write }) => `${type} ${numbers} ${read ? 'r' : ''}${write ? 'w' : ''}`,
    ),
  ].filter((rule) => !rule.endsWith(' '));
}

function placeOf(
  { v1, deviceAccess, ...facts }: CgroupFacts,
  jail: string,
): Omit<DeviceAccessArgs, 'rules'> | null {
  const v2 = cgroupV2({ v1, ...facts }, jail);
  if (deviceAccess === 2 && v2 !== null) return { version: 2, cgroup: v2 };
  const directory = v1['devices'];
  return deviceAccess === 1 && directory !== undefined
    ? { version: 1, cgroup: `${directory}/${jail}` }
    : null;
}

/**
 * The step that shuts devices off by the jail's cgroup. A host that can't has none.
 * @throws PlanError where nothing else keeps root in the jail from a node of its own making
 */
export function deviceSteps(
  jail: { readonly name: string; readonly values: JailParams },
  facts: HostFacts,
): readonly Step[] {
  const place = placeOf(facts.cgroups, jail.name);
  if (place !== null)
    return [{ name: 'devices.limit', args: { ...place, rules: deviceRules(jail.values, facts) } }];
  const makesNodes = facts.uidBase === null && jailCapabilities(jail.values).includes('mknod');
  if (facts.cgroups.deviceAccess === null && makesNodes) {
    const hint = 'take mknod out of its capabilities, or give it a user namespace';
    throw new PlanError(
      'userns',
      'off',
      'with mknod it could use every disk: no cgroup here holds it back',
      hint,
    );
  }
  return [];
}
