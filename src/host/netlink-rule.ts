import { constants } from 'node:os';
import ipaddr from 'ipaddr.js';
import type { Family } from '../config/values/family.js';
import { NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, attributeText, decodeAttributes } from './netlink-message.js';
import { encodeAttributes, type Attribute, type Request } from './netlink-message.js';

/* What is said about rules of policy routing. Pure. ip-rule(8); the numbers are those of linux/fib_rules.h. */

const { EEXIST, ENOENT, EOPNOTSUPP } = constants.errno;
const [NEWRULE, DELRULE, GETRULE] = [32, 33, 34];
const FAMILIES = { ip4: 2, ip6: 10 } as const;
const FRA = {
  to: 1,
  from: 2,
  comesBy: 3,
  goto: 4,
  priority: 6,
  suppressGroup: 13,
  table: 15,
  protocol: 21,
} as const;
const ACTIONS = { lookup: 1, goto: 2, nop: 3, blackhole: 6 } as const;
const TABLE_MAIN = 254;

/** Who made a rule, as `ip rule` shows it: a number that nobody else uses. */
const PROTOCOL = 0x6a;

export interface Rule {
  readonly family: Family;
  /** Rules are asked in this order. */
  readonly priority: number;
  /** Interface that a packet comes in by; null for all. */
  readonly comesBy: string | null;
  /** "from 10.0.0.2", "to fd00::2"; null for all. */
  readonly about: string | null;
  /** `lookup`: in the main table, but for ways over links of group 0; `goto`: on to another rule. */
  readonly action: 'lookup' | 'blackhole' | 'nop' | { readonly goto: number };
}

function ruleBody({ family, priority, comesBy, about, action }: Rule): Buffer {
  const [side, address] = about?.split(' ') ?? [];
  const bytes = address === undefined ? null : Buffer.from(ipaddr.parse(address).toByteArray());
  const length = (which: 'from' | 'to'): number => (side === which && bytes !== null ? bytes.length * 8 : 0);
  const kind = typeof action === 'string' ? action : 'goto';
  const table = kind === 'lookup' ? TABLE_MAIN : 0;
  const header = Buffer.alloc(12);
  header.set([FAMILIES[family], length('to'), length('from'), 0, table, 0, 0, ACTIONS[kind]]);
  const attributes: readonly Attribute[] = [
    [FRA.priority, priority],
    [FRA.protocol, Buffer.of(PROTOCOL)],
    ...(comesBy === null ? [] : [[FRA.comesBy, comesBy] as const]),
    ...(bytes === null ? [] : [[side === 'from' ? FRA.from : FRA.to, bytes] as const]),
    ...(typeof action === 'string' ? [] : [[FRA.goto, action.goto] as const]),
    ...(kind === 'lookup'
      ? ([
          [FRA.suppressGroup, 0],
          [FRA.table, TABLE_MAIN],
        ] as const)
      : []),
  ];
  return Buffer.concat([header, encodeAttributes(attributes)]);
}

const subjectOf = ({ priority, comesBy }: Rule): string => `${priority} iif ${comesBy ?? 'all'}`;

/** Adds a rule; that it is there is fine. */
export function addRule(rule: Rule): Request {
  const flags = NLM_F_CREATE | NLM_F_EXCL;
  const body = ruleBody(rule);
  return { step: 'add rule', subject: subjectOf(rule), type: NEWRULE, flags, body, tolerates: [EEXIST] };
}

/** Takes a rule away; that it is gone is fine. */
export function deleteRule(rule: Rule): Request {
  const tolerates = [ENOENT];
  const body = ruleBody(rule);
  return { step: 'take rule', subject: subjectOf(rule), type: DELRULE, flags: 0, body, tolerates };
}

/** All rules of both families. A kernel without policy routing has none. */
export function dumpRules(): Request {
  const body = Buffer.alloc(12);
  const tolerates = [EOPNOTSUPP];
  return { step: 'list rules', subject: 'host', type: GETRULE, flags: NLM_F_DUMP, body, tolerates };
}

/** A rule that addRule() made, be it by another jaild; null for one of somebody else. */
export function decodeRule(body: Buffer): Rule | null {
  const attributes = decodeAttributes(body.subarray(12));
  const family = Object.entries(FAMILIES).find(([, number]) => number === body.readUInt8(0))?.[0];
  if (attributes.get(FRA.protocol)?.readUInt8() !== PROTOCOL || family === undefined) return null;
  const name = Object.entries(ACTIONS).find(([, number]) => number === body.readUInt8(7))?.[0];
  const text = (bytes: Buffer): string => ipaddr.fromByteArray([...bytes]).toString();
  const [to, from, comesBy] = [FRA.to, FRA.from, FRA.comesBy].map((key) => attributes.get(key));
  const about = to !== undefined ? `to ${text(to)}` : from !== undefined ? `from ${text(from)}` : null;
  return {
    family: family as Rule['family'], // Object.entries forgets the type of the keys
    priority: attributes.get(FRA.priority)?.readUInt32LE() ?? 0,
    comesBy: comesBy === undefined ? null : attributeText(comesBy),
    about,
    action:
      name === 'goto'
        ? { goto: attributes.get(FRA.goto)?.readUInt32LE() ?? 0 }
        : (name as 'lookup' | 'blackhole' | 'nop'), // as above
  };
}
