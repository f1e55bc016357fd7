import { visible } from '../config/visible.js';
import type { CommandResult, DaemonContext } from './context.js';
import { done } from './context.js';
import { getopt } from './getopt.js';
import { isDying, type JlsJail } from './jls-params.js';
import { routeText } from './network-lines.js';
import { JlsMistake, viewOf, type JlsView } from './jls-view.js';
import { jlsJson, type JlsRecord } from './jls-json.js';
import { defaultText, headerText, namedLine, recordOf, verboseText } from './jls-text.js';

const USAGE = 'usage: jls [-c] [-dhNnqsv] [--libxo json] [-j jail] [param ...]';

/** --libxo comes before everything else and in several spellings (xo_options(7)); only JSON is spoken here. */
function takeLibxo(words: readonly string[]): {
  readonly json: 'no' | 'line' | 'pretty';
  readonly words: readonly string[];
} {
  const at = words.findIndex((word) => /^--libxo(?:[=:]|$)/.test(word));
  const word = words[at];
  if (word === undefined) return { json: 'no', words };
  const separate = word === '--libxo';
  const styles = separate ? (words[at + 1] ?? '') : word.slice('--libxo='.length);
  const short = word.startsWith('--libxo:');
  const wanted = short ? [...styles] : styles.split(',');
  const rest = [...words.slice(0, at), ...words.slice(at + (separate ? 2 : 1))];
  if (wanted.includes('text') || (short && wanted.includes('T'))) return { json: 'no', words: rest };
  if (!wanted.includes(short ? 'J' : 'json'))
    throw new JlsMistake(`jls: only --libxo json is known, not "${styles}"`);
  return { json: wanted.includes(short ? 'P' : 'pretty') ? 'pretty' : 'line', words: rest };
}

function presentJails({ operations }: DaemonContext): readonly JlsJail[] {
  return operations
    .status()
    .filter(({ jid, state }) => jid !== null && PRESENT.has(state))
    .map((status) => ({
      status,
      jail: operations.definition(status.name) ?? undefined,
      routes: () => (operations.network(status.name)?.routes ?? []).map(routeText),
    }))
    .sort((a, b) => (a.status.jid ?? 0) - (b.status.jid ?? 0));
}

const PRESENT: ReadonlySet<string> = new Set([
  'starting',
  'running',
  'paused',
  'stopping',
  'stuck',
  'cleaning',
]);

function select(jails: readonly JlsJail[], word: string | undefined, dying: boolean): readonly JlsJail[] {
  const visible = jails.filter(({ status }) => dying || !isDying(status));
  if (word === undefined) return visible;
  const number = /^\d+$/.test(word) && Number(word) > 0;
  return visible.filter(({ status }) => (number ? status.jid === Number(word) : status.name === word));
}

function textOf(jails: readonly JlsJail[], view: JlsView): string {
  if (view.layout === 'default') return defaultText(jails, view.byName);
  if (view.layout === 'verbose') return verboseText(jails);
  return (view.header ? headerText(view) : '') + jails.map((jail) => namedLine(jail, view)).join('');
}

/** jls(8) of FreeBSD: its flags, its columns, byte for byte. */
export function runJls(context: DaemonContext): CommandResult {
  try {
    return show(context);
  } catch (error) {
    if (!(error instanceof JlsMistake)) throw error;
    context.err(`${visible(error.message).slice(0, 1024)}\n`);
    return { exit: 1 };
  }
}

function show(context: DaemonContext): CommandResult {
  const { json, words } = takeLibxo(context.words);
  const { options, operands, wrong } = getopt(words, 'acdj:hNnqsv');
  if (wrong !== null) throw new JlsMistake(USAGE);
  const letters = options.map(([letter]) => letter);
  const word = options.findLast(([letter]) => letter === 'j')?.[1];
  const found = select(presentJails(context), word, letters.includes('d') || letters.includes('a'));
  if (letters.includes('c')) {
    if (word === undefined) throw new JlsMistake(USAGE);
    return { exit: found.length > 0 ? 0 : 1 };
  }
  const view = viewOf(letters, operands);
  if (word !== undefined && found.length === 0) throw new JlsMistake(`jls: jail "${word}" not found`);
  const records = (): readonly JlsRecord[] => found.map((jail) => recordOf(jail, view));
  context.out(json === 'no' ? textOf(found, view) : jlsJson(records(), json === 'pretty'));
  return done;
}
