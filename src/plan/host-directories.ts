import type { JailParams } from '../config/params.js';
import { PlanError } from './error.js';
import { hostPart, type HostPart, type OwnDirectories } from './host-part.js';
import { isReadOnly } from './root.js';

/** Why a directory can't be the root of a jail, or a layer of it; what to do instead. */
export interface HostRefusal {
  readonly parameter: 'path' | 'base';
  /** Which of `base`. */
  readonly element?: number;
  readonly path: string;
  readonly reason: string;
  readonly hint: string;
}

const HINT = 'give the jail a directory of its own; "mount" shows it directories of the host';

/**
 * The first directory of a jail's root that is one of the host's own: root in the jail is the owner of its files, and
 * reads what is for root alone.
 * @param real a path of the host without the links in it
 */
export function refuseHostPart(
  values: JailParams,
  own: OwnDirectories,
  real: (path: string) => string,
): HostRefusal | null {
  const part = (path: string): HostPart => hostPart(path, own) ?? hostPart(real(path), own);
  const { path, base = [] } = values;
  const root = path === undefined ? null : part(path);
  if (path !== undefined && root === 'state')
    return {
      parameter: 'path',
      path,
      reason: "it is the host's own, all of which root in the jail could read",
      hint: HINT,
    };
  if (path !== undefined && root === 'programs' && !isReadOnly(values)) {
    const reason = 'it has programs of the host, which root in the jail could change';
    return { parameter: 'path', path, reason, hint: `${HINT}; or set readonly` };
  }
  const element = base.findIndex((directory) => part(directory) === 'state');
  const layer = base[element];
  if (layer === undefined) return null;
  const reason = "it is the host's own, all of which root in the jail could read";
  return { parameter: 'base', element, path: layer, reason, hint: HINT };
}

/** The same as an error. Throws PlanError. */
export function keepFromHost(values: JailParams, own: OwnDirectories, real: (path: string) => string): void {
  const refusal = refuseHostPart(values, own, real);
  if (refusal === null) return;
  const { parameter, path, reason, hint } = refusal;
  throw new PlanError(parameter, path, reason, hint);
}
