import { placeOfElement } from '../check.js';
import type { JailParams, ParamName } from '../params.js';
import { diagnose, type Place } from '../syntax/source.js';
import type { Draft, Drafts, Found } from './draft.js';
import { readPfRules } from './pf-rule.js';

/** Names that FreeBSD's epair(4), jib, jng and those who write after them give to what is moved into a jail. */
const NAMES = /^(?:epair\d+[ab]|e\d+[ab]_.+|ng\d+_.+|jail\d+b)$/;

const hooks = [
  ...(['exec.prepare', 'exec.prestart', 'exec.created', 'exec.poststart'] as const),
  ...(['exec.prestop', 'exec.poststop', 'exec.release'] as const),
] satisfies readonly ParamName[];

/** What a command does to FreeBSD's network. */
interface Use {
  readonly tool: string;
  readonly kind: 'link' | 'filter';
  /** The bridge that it names. */
  readonly bridge?: string;
  /** The interface of the host that the bridge is made for. */
  readonly parent?: string;
  /** Statements that say the same here. */
  readonly instead?: readonly string[];
}

const CALL = /(?:^|[\s;&|(`/])(jib|jng|ngctl|pfctl|ipfw|ifconfig)\s+([^;&|)]*)/g;

/** Hardly any command has to do with it: the whole expression takes ten times as long. */
const HINTS_AT = /\b(?:jib|jng|ngctl|pfctl|ipfw|ifconfig)\s/;

/** What a command line does to the network in ways that there are on FreeBSD alone; null for nothing. */
function useOf(command: string): Use | null {
  if (!HINTS_AT.test(command)) return null;
  for (const [, tool = '', rest = ''] of command.matchAll(CALL)) {
    const words = rest.trim().split(/\s+/);
    if (tool === 'ngctl') return { tool, kind: 'link' };
    if (tool === 'pfctl' || tool === 'ipfw') return { tool, kind: 'filter', instead: readPfRules(command) };
    const use = tool === 'ifconfig' ? interfaceUse(words) : helperUse(tool, words);
    if (use !== null) return use;
  }
  return null;
}

/** ifconfig(8) of FreeBSD: `epair0 create`, `bridge0 addm epair0a`, `create name`. */
function interfaceUse([link = '', ...words]: readonly string[]): Use | null {
  const verb = words.find((word) => word === 'addm' || word === 'deletem');
  if (verb !== undefined) return { tool: `ifconfig ${verb}`, kind: 'link', bridge: link };
  const isPair = /^(?:epair|e\d+[ab]_)/.test(link);
  const isMade = words.includes('create') && /^(?:epair|bridge)/.test(link);
  return isPair || isMade || words.includes('-vnet') ? { tool: 'ifconfig', kind: 'link' } : null;
}

/** `jib addm [-b BRIDGE] NAME INTERFACE`, `jng bridge [-b BRIDGE] NAME INTERFACE`. */
function helperUse(tool: string, [, ...words]: readonly string[]): Use {
  const option = words.indexOf('-b');
  const bridge = option < 0 ? undefined : words[option + 1];
  const [, parent] = option < 0 ? words : words.toSpliced(option, 2);
  return {
    ...{ tool, kind: 'link' },
    ...(bridge !== undefined && { bridge }),
    ...(parent !== undefined && { parent: parent.replace(/^!/, '') }),
  };
}

/** The first use of each kind, and where it is. */
interface Mention {
  readonly use: Use;
  readonly parameter: (typeof hooks)[number];
  readonly index: number;
}

function usesOf(values: JailParams): readonly Mention[] {
  const found = new Map<Use['kind'], Mention>();
  for (const parameter of hooks)
    for (const [index, command] of (values[parameter] ?? []).entries()) {
      const use = useOf(command);
      if (use === null) continue;
      const known = found.get(use.kind);
      if (known === undefined) found.set(use.kind, { use, parameter, index });
      else found.set(use.kind, { ...known, use: { ...use, ...known.use } });
    }
  return [...found.values()];
}

/** What does on Linux what makes the interfaces of a FreeBSD jail. */
function linkHint(values: JailParams, { bridge, parent }: Partial<Use>): string {
  if (values.bridge !== undefined) return `bridge = ${values.bridge}; makes both ends: take this out`;
  if (values.macvlan !== undefined) return `macvlan = ${values.macvlan}; makes the interface: take this out`;
  if (bridge !== undefined)
    return `write bridge = ${bridge}; in place of it, which makes both ends and takes them away`;
  if (parent !== undefined)
    return `write macvlan = ${parent}; in place of it, or bridge = NAME; for a bridge that ${parent} is a port of`;
  return 'write bridge = NAME; in place of it, and bridge.subnet = auto; to have the bridge made';
}

const FILTER_HINT = 'write nat; and rdr += "tcp 8080 80"; in place of it';

/** The names of FreeBSD's interfaces may be those of links that a command makes here. */
export function* interfacesAreOfLinux({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails) {
    const links = jail.values['vnet.interface'] ?? [];
    const index = links.findIndex((name) => NAMES.test(name));
    if (index < 0) continue;
    const use = usesOf(jail.values).find((one) => one.use.kind === 'link')?.use ?? {};
    const message = `${links[index]} is named as FreeBSD's epair, jib and jng name interfaces`;
    const place = placeOfElement(jail.merged, 'vnet.interface', index, links.length);
    yield told(jail, place, message, linkHint(jail.values, use));
  }
}

/** Commands that only FreeBSD has are run here all the same: there may be something of that name. */
export function* commandsAreOfLinux({ jails }: Drafts): Iterable<Found> {
  for (const jail of jails)
    for (const { use, parameter, index } of usesOf(jail.values)) {
      const place = placeOfElement(jail.merged, parameter, index, jail.values[parameter]?.length ?? 0);
      const { tool, kind, instead = [] } = use;
      const linux = instead.length > 0 ? `write ${instead.join(' ')} in place of it` : FILTER_HINT;
      const hint = kind === 'filter' ? linux : linkHint(jail.values, use);
      yield told(jail, place, `${tool} is of FreeBSD's network`, hint);
    }
}

const told = (jail: Draft, place: Place, message: string, hint: string): Found => [
  jail,
  diagnose('warning', 'freebsd-network', place, message, hint),
];
