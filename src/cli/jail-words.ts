import { isIPv4 } from 'node:net';
import { getopt } from './getopt.js';

/** What a command line of jail(8) asks for. */
export interface JailCall {
  readonly create: boolean;
  readonly modify: boolean;
  readonly remove: boolean;
  /** -R: none of the commands of the configuration is run. */
  readonly hooks: boolean;
  /** -C: only what comes after the removal. */
  readonly cleanUp: boolean;
  /** -e: what separates the parameters of a jail. */
  readonly separator: string | undefined;
  readonly file: string | undefined;
  /** How many jails at a time; 0 for all. */
  readonly parallel: number;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** -i: print the number of each jail that is created. */
  readonly printsJid: boolean;
  readonly jidFile: string | undefined;
  /** -u: the user of the host whose ids the commands of a jail made of parameters have. */
  readonly hostUser: string | undefined;
  /** A jail made of parameters: PARAM=VALUE words; null for jails of the files. */
  readonly params: readonly string[] | null;
  /** Path, host name, addresses and command, as before FreeBSD 8. */
  readonly oldStyle: boolean;
  /** Names, numbers and wildcards. */
  readonly names: readonly string[];
}

/** What is asked for makes no sense: the usage is all that jail(8) says. */
export class JailUsage extends Error {
  override readonly name = 'JailUsage';
}

const LETTERS = 'cCde:f:hiJ:lmn:p:qrRs:u:U:v';

/** Parameters that older options stand for. A jail of the files has its own. */
function paramsOfOptions(options: readonly (readonly [string, string])[]): readonly string[] {
  return options.flatMap(([letter, value]) => {
    switch (letter) {
      case 'h':
        return ['ip_hostname'];
      case 'l':
        return ['exec.clean'];
      case 'n':
        return [`name=${value}`];
      case 's':
        return [`securelevel=${value}`];
      case 'U':
        return [`exec.jail_user=${value}`];
      default:
        return [];
    }
  });
}

/** `command` takes all that follows it, with a sign or without. */
function paramsOfOperands(operands: readonly string[]): readonly string[] {
  const at = operands.findIndex((word) => word === 'command' || word.startsWith('command='));
  const [first, ...rest] = at < 0 ? [] : operands.slice(at);
  if (first !== 'command') return operands;
  const [program, ...args] = rest;
  return [...operands.slice(0, at), ...(program === undefined ? [] : [`command=${program}`, ...args])];
}

/** `PATH HOSTNAME IP[,IP...] COMMAND...` */
function oldStyleParams([path = '', hostname = '', addresses = '', ...command]: readonly string[]) {
  const each = addresses.split(',').filter((address) => address !== '');
  const ip4 = each.filter((address) => isIPv4(address));
  const ip6 = each.filter((address) => !isIPv4(address));
  return [
    `path=${path}`,
    `host.hostname=${hostname}`,
    ...(ip4.length === 0 ? [] : [`ip4.addr=${ip4.join(',')}`]),
    ...(ip6.length === 0 ? [] : [`ip6.addr=${ip6.join(',')}`]),
    ...paramsOfOperands(['command', ...command]),
  ];
}

/** How many jails -p allows at a time. Throws JailUsage. */
function parallelOf(text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new JailUsage();
  return Number(text);
}

/** Reads the words after `jail`. Throws JailUsage. */
export function readJailWords(words: readonly string[]): JailCall {
  const { options, operands, wrong } = getopt(words, LETTERS);
  if (wrong !== null) throw new JailUsage();
  const letters = new Set(options.map(([letter]) => letter));
  const valueOf = (letter: string): string | undefined => options.findLast(([name]) => name === letter)?.[1];
  const call = {
    create: letters.has('c'),
    modify: letters.has('m'),
    remove: letters.has('r') || letters.has('R'),
    hooks: !letters.has('R'),
    cleanUp: letters.has('C'),
    separator: valueOf('e'),
    file: valueOf('f'),
    parallel: parallelOf(valueOf('p')),
    quiet: (letters.has('q') || letters.has('i')) && !letters.has('v'),
    verbose: letters.has('v'),
    printsJid: letters.has('i'),
    jidFile: valueOf('J'),
    hostUser: valueOf('u'),
    oldStyle: false,
  };
  return { ...call, ...operandsOf(call, operands, paramsOfOptions(options)) };
}

type Verbs = Omit<JailCall, 'params' | 'oldStyle' | 'names'>;

/** Whether the operands are names or the parameters of a jail, by which of its forms jail(8) is called in. */
function operandsOf(
  verbs: Verbs,
  operands: readonly string[],
  params: readonly string[],
): Pick<JailCall, 'params' | 'oldStyle' | 'names'> {
  const ofNames = { params: null, oldStyle: false, names: operands };
  const { create, modify, remove, hooks, cleanUp, separator, file, hostUser } = verbs;
  const isPlain = params.length === 0 && hostUser === undefined;
  const starts = create || modify;
  const refuseUnless = (holds: boolean): void => {
    if (!holds) throw new JailUsage();
  };
  if (separator !== undefined) {
    refuseUnless(!starts && !remove && operands.length === 0);
    return ofNames;
  }
  if ((remove || cleanUp) && !starts) {
    const isNamed = operands.length > 0 && operands.every((word) => !word.includes('='));
    refuseUnless(isNamed && isPlain && !(cleanUp && remove));
    return ofNames;
  }
  refuseUnless(hooks && !cleanUp);
  if (!starts) {
    refuseUnless(operands.length >= 4 && operands[0]?.startsWith('/') === true && file === undefined);
    return { params: [...params, ...oldStyleParams(operands)], oldStyle: true, names: [] };
  }
  if (operands.length > 1 || operands[0]?.includes('=')) {
    refuseUnless(file === undefined);
    return { params: [...params, ...paramsOfOperands(operands)], oldStyle: false, names: [] };
  }
  refuseUnless(isPlain);
  return ofNames;
}
