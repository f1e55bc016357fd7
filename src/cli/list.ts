import type { JailStatus, State } from '../supervise/operations.js';
import { daemonCommand } from './command.js';
import { done, type DaemonContext } from './context.js';
import { tellMistakes } from './mistakes.js';
import { json, span, table, type Cell, type Colour } from './render.js';
import { statusReply } from './status-json.js';

const COLOURS: Readonly<Record<State, Colour>> = {
  stopped: 'dim',
  waiting: 'yellow',
  preparing: 'yellow',
  starting: 'yellow',
  running: 'green',
  paused: 'yellow',
  stopping: 'yellow',
  stuck: 'red',
  cleaning: 'yellow',
  backoff: 'red',
  ended: 'dim',
  failed: 'red',
};

/** The state in its colour. */
export function stateCell(state: State): Cell {
  return { text: state, colour: COLOURS[state] };
}

/** The state in its colour, with what a jail waits for, or what keeps it down: "waiting:db", "stopped:mistake". */
export function waitingCell({ state, lacks, startable }: JailStatus): Cell {
  const cell = stateCell(state);
  if (state === 'stopped' && !startable) return { text: 'stopped:mistake', colour: 'red' };
  const [first, ...more] = lacks;
  if (state !== 'waiting' || first === undefined) return cell;
  return { ...cell, text: `waiting:${first.jail}${more.length === 0 ? '' : `,+${more.length}`}` };
}

/** How long a jail has been as it is: since its start, or since it ended. */
export function since(jail: JailStatus, now: Date): string {
  const date = jail.startedAt ?? jail.exit?.at ?? null;
  return date === null ? '' : span(now.getTime() - date.getTime());
}

/** The first address of a jail and how many more it has, in one word. */
function addressWord({ ip4, ip6 }: Pick<JailStatus, 'ip4' | 'ip6'>): string {
  const [first = '', ...more] = [...ip4, ...ip6];
  return more.length === 0 ? first : `${first},+${more.length}`;
}

function row(jail: JailStatus, now: Date): readonly (Cell | string)[] {
  const pid = jail.pid === null ? '' : String(jail.pid);
  return [jail.name, waitingCell(jail), pid, addressWord(jail), since(jail, now)];
}

/** One line per jail. */
function listTable(jails: readonly JailStatus[], { terminal, now }: Pick<DaemonContext, 'terminal' | 'now'>) {
  const at = now();
  return table(
    ['NAME', 'STATE', 'PID', 'ADDRESS', 'SINCE'],
    jails.map((jail) => row(jail, at)),
    terminal,
  );
}

export const list = daemonCommand({
  name: 'list',
  summary: 'Show all jails, one on each line.',
  operands: '',
  count: [0, 0],
  options: {
    json: { type: 'boolean', summary: 'Everything about them, as status --json gives it.' },
    quiet: { type: 'boolean', short: 'q', summary: 'Names only.' },
  },
  needs: 'operator',
  run: (context, { options }) => {
    const jails = context.operations.status();
    if (options.json) context.out(json(statusReply(jails)));
    else if (options.quiet) context.out(jails.map(({ name }) => `${name}\n`).join(''));
    else {
      context.out(listTable(jails, context));
      tellMistakes(context);
    }
    return done;
  },
});
