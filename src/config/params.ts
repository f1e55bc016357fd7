import type { Parameter } from './parameter.js';
import type { ValueType } from './values/type.js';
import { execution, supervision } from './tables/commands.js';
import { identity } from './tables/identity.js';
import { isolation, permissions } from './tables/isolation.js';
import { limits, logging, schedules } from './tables/limits.js';
import { network } from './tables/network.js';

/** The table by groups, in the order manuals show them. */
export const groups = {
  'Identity and files': identity,
  Commands: execution,
  Supervision: supervision,
  Schedules: schedules,
  Limits: limits,
  Network: network,
  Permissions: permissions,
  Isolation: isolation,
  Log: logging,
} as const;

/** THE TABLE: every parameter there is. Checks, types, manuals, completion and reload come from it. */
export const params = {
  ...identity,
  ...execution,
  ...supervision,
  ...schedules,
  ...limits,
  ...network,
  ...permissions,
  ...isolation,
  ...logging,
};

export type ParamName = keyof typeof params;
export type ValueOf<K extends ParamName> = (typeof params)[K] extends { type: ValueType<infer T> }
  ? T
  : never;

/** The values of a jail; what was not set is absent. */
export type JailParams = { readonly [K in ParamName]?: ValueOf<K> } & {
  /** meta.KEY parameters by KEY. */
  readonly metaKeys?: Readonly<Record<string, string>>;
  /** env.KEY parameters by KEY. */
  readonly envKeys?: Readonly<Record<string, string>>;
};

/** A name as written and what it means: `mount.nodevfs` is mount.devfs, negated. */
export interface Mention {
  readonly name: ParamName;
  readonly negated: boolean;
}

/** Whether it is the name of a parameter in the table. */
export function isParamName(name: string): name is ParamName {
  return Object.hasOwn(params, name);
}

/** The table's entry, without its type. */
export function parameterOf(name: ParamName): Parameter {
  return params[name];
}

/** Puts "no" before, or takes it from, the last component of a name; null when there is none to take. */
export function withoutNo(name: string): string | null {
  const start = name.lastIndexOf('.') + 1;
  return name.startsWith('no', start) ? name.slice(0, start) + name.slice(start + 2) : null;
}

/** The name with "no" before its last component: `mount.nodevfs`. */
export function negated(name: string): string {
  const start = name.lastIndexOf('.') + 1;
  return `${name.slice(0, start)}no${name.slice(start)}`;
}

const mentions = new Map<string, Mention>();
for (const name of Object.keys(params).filter(isParamName)) {
  mentions.set(name, { name, negated: false });
  if (params[name].type.negatable) mentions.set(negated(name), { name, negated: true });
}

/** What a name in a file means; null when the table has no such parameter. */
export function findParam(written: string): Mention | null {
  return mentions.get(written) ?? null;
}
