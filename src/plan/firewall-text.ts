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

/**
 * The script that puts a table in place of the one of that name, whatever that held, or makes it: the kernel sees it whole
 * or not at all. Chains without rules are left out. nft(8).
 */
export function tableScript(name: string, comment: string, chains: readonly Chain[]): string {
  const used = chains.filter(({ rules: { lines } }) => lines.length > 0);
  const lookups = new Map(used.flatMap((chain) => chain.rules.lookups).map((one) => [one.name, one]));
  const blocks = [...[...lookups.values()].map(lookupBlock), ...used.map(chainBlock)];
  const lines = [`comment "${comment}"`, ...blocks.flat()].map((line) => `  ${line}`);
  return [removalScript(name), `table inet ${name} {`, ...lines, '}', ''].join('\n');
}

/** The script that takes a table away, or does nothing when there is none. */
export const removalScript = (name: string): string => `add table inet ${name}\ndelete table inet ${name}`;

function lookupBlock({ name, type, ranges, elements }: Lookup): readonly string[] {
  const kind = type.includes(':') ? 'map' : 'set';
  const flags = ranges === true ? ' flags interval;' : '';
  return [`${kind} ${name} { type ${type};${flags} elements = { ${distinct(elements).join(', ')} }; }`];
}

function chainBlock({ name, hook, rules: { lines } }: Chain): readonly string[] {
  const head = hook === undefined ? [] : [`  ${hook}; policy accept;`];
  return [`chain ${name} {`, ...head, ...lines.map((line) => `  ${line}`), '}'];
}
