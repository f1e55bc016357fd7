import { bad, good, listType, unseparated, type Converted, type ValueType } from './type.js';

/** A device of the host for a jail, with what the jail may do with it. */
export interface DeviceGrant {
  /** Below /dev, on the host and in the jail. */
  readonly path: string;
  readonly read: boolean;
  readonly write: boolean;
}

const DEVICE = /^(\/dev\/\S+?)\/*(?:[ \t]+([rwm]+))?$/;

function readDevice(text: string): Converted<DeviceGrant> {
  const [, path, rights = 'rw'] = DEVICE.exec(text.trim()) ?? [];
  if (path === undefined || path.length > 255 || /\/\.\.?(\/|$)/.test(path))
    return bad(
      `"${text}" is not a device with its rights`,
      'write a path below /dev and r, w or rw: "/dev/kvm rw"',
    );
  return good({ path, read: rights.includes('r'), write: rights.includes('w') });
}

/** Paths below /dev, each with its rights as cgroups write them; `m` is taken and means nothing, for no jail makes nodes. */
export const deviceGrants: ValueType<readonly DeviceGrant[]> = unseparated(
  listType('list of devices', readDevice),
);
