/** A set or map of nft(8) that rules look into by its name. */
export interface Lookup {
  readonly name: string;
  /** Its keys: "inet_proto . inet_service"; for a map with what they lead to: "… : ipv4_addr". */
  readonly type: string;
  /** Its keys may be ranges. */
  readonly ranges?: boolean;
  readonly elements: readonly string[];
}

/** Rules in their order, and what they look into. */
export interface Rules {
  readonly lookups: readonly Lookup[];
  readonly lines: readonly string[];
}

/** A chain; with a hook it is one that the kernel calls. */
export interface Chain {
  readonly name: string;
  /** "type nat hook prerouting priority dstnat" */
  readonly hook?: string;
  readonly rules: Rules;
}

export const NONE: Rules = { lookups: [], lines: [] };

/** Rules that are of use only when their set or map has something in it. */
export const wherever = (lookup: Lookup, ...lines: readonly string[]): Rules =>
  lookup.elements.length === 0 ? NONE : { lookups: [lookup], lines };

/** Rules that look into nothing. */
export const rules = (...lines: readonly string[]): Rules => ({ lookups: [], lines });

/** Rules one after another. */
export const inOrder = (...parts: readonly Rules[]): Rules => ({
  lookups: parts.flatMap(({ lookups }) => lookups),
  lines: parts.flatMap(({ lines }) => lines),
});

/** The name of a link. */
export const quoted = (link: string): string => `"${link}"`;

/** Each once, in their order. */
export const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** The table of an instance, as it is to be. */
export interface Table {
  readonly name: string;
  readonly comment: string;
  readonly lookups: readonly Lookup[];
  readonly chains: readonly Chain[];
}

/** A table of what is of use: chains without rules are left out. */
export function tableOf(name: string, comment: string, all: readonly Chain[]): Table {
  const chains = all.filter(({ rules: { lines } }) => lines.length > 0);
  const lookups = new Map(chains.flatMap((chain) => chain.rules.lookups).map((one) => [one.name, one]));
  return { name, comment, lookups: [...lookups.values()], chains };
}

/**
 * The script that puts a table in place of the one of that name, whatever that held, or makes it: the kernel sees it whole
 * or not at all, but takes its hooks away and adds new ones, and a packet may meet both while neither has rules. nft(8).
 */
export function tableScript({ name, comment, lookups, chains }: Table): string {
  const blocks = [...lookups.map((one) => lookupBlock(one)), ...chains.flatMap(chainBlock)];
  const lines = [`comment "${comment}"`, ...blocks].map((line) => `  ${line}`);
  return [removalScript(name), `table inet ${name} {`, ...lines, '}', ''].join('\n');
}

/** The script that takes a table away, or does nothing when there is none. */
export const removalScript = (name: string): string => `add table inet ${name}\ndelete table inet ${name}`;

/** What nft(8) calls it: a map leads somewhere. */
export const kindOf = ({ type }: Lookup): 'map' | 'set' => (type.includes(':') ? 'map' : 'set');

/** A set or map with what is in it, as nft(8) takes it in a table; behind `add`, its name has the table's before it. */
export function lookupBlock(lookup: Lookup, table?: string): string {
  const { name, type, ranges, elements } = lookup;
  const flags = ranges === true ? ' flags interval;' : '';
  const full = table === undefined ? name : `inet ${table} ${name}`;
  return `${kindOf(lookup)} ${full} { type ${type};${flags} elements = { ${distinct(elements).join(', ')} }; }`;
}

function chainBlock({ name, hook, rules: { lines } }: Chain): readonly string[] {
  const head = hook === undefined ? [] : [`  ${hook}; policy accept;`];
  return [`chain ${name} {`, ...head, ...lines.map((line) => `  ${line}`), '}'];
}
