import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from './cli/commands.js';
import { completionScript } from './cli/completion.js';
import { commandsAsRoff } from './cli/manual.js';
import { describeParams, paramsAsRoff, type ParamDescription } from './config/describe.js';
import { resourcesAsRoff } from './config/rctl/describe.js';
import { settingsAsIni, settingsAsRoff } from './daemon/settings.js';
import { shown, transitions, type Phase } from './supervise/lifecycle.js';

/*
 * Files that are printed from the tables. `npm run man` writes them; test/docs/printed.test.ts compares them.
 * Each man/PAGE is man/PAGE.in with the lists in the places of lines such as "@PARAMETERS@".
 */

const PAGES = ['jail.8', 'jail.conf.5', 'jaild.ini.5', 'jaild.8', 'jailctl.8'] as const;

/** Path below the repository → the text that belongs there. Reads man/*.in and asks the built jailer for its steps. */
export function printedFiles(repository: string): ReadonlyMap<string, string> {
  const lists = listsOf(repository);
  return new Map([
    ...PAGES.map((page): [string, string] => [
      `man/${page}`,
      fillIn(readFileSync(join(repository, `man/${page}.in`), 'utf8'), lists),
    ]),
    ['etc/jaild.ini', settingsAsIni()],
    ['etc/completion/jailctl.bash', completionScript('bash', commands)],
    ['etc/completion/_jailctl', completionScript('zsh', commands)],
    ['etc/completion/jailctl.fish', completionScript('fish', commands)],
  ]);
}

type Lists = ReadonlyMap<string, () => string>;

function listsOf(repository: string): Lists {
  return new Map([
    ['PARAMETERS', paramsAsRoff],
    ['DIFFERENCES', differencesAsRoff],
    ['RESOURCES', resourcesAsRoff],
    ['SETTINGS', settingsAsRoff],
    ['COMMANDS', commandsAsRoff],
    ['TRANSITIONS', transitionsAsRoff],
    ['STEPS', () => stepsAsRoff(jailerSteps(repository))],
  ]);
}

/** @throws Error for a list that there is not. */
function fillIn(template: string, lists: Lists): string {
  return template.replace(/^@([A-Z]+)@\n/gm, (_line, name: string) => {
    const list = lists.get(name);
    if (list === undefined) throw new Error(`there is no list ${name}`);
    return `${list().trimEnd()}\n`;
  });
}

/** Text in which roff and tbl find nothing of their own. */
const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');

const KINDS = { close: '', later: 'Not yet. ', ignored: 'No meaning. ' } as const;

/** What is different from FreeBSD, as a tbl(1) table. Its columns fit 80 characters. */
function differencesAsRoff(): string {
  const rows = describeParams()
    .filter(({ origin }) => origin === 'freebsd')
    .flatMap(differencesOf);
  const cells = rows.map(([name, note]) => `${name}\tT{\n${roff(note)}\nT}`);
  // A text block at the end of a page is one that tbl(1) warns of, and which one that is changes with every line above.
  return ['.TS', 'nowarn;', 'lb lb', 'l lw(34n).', 'Parameter\tWhat is different', ...cells, '.TE'].join(
    '\n',
  );
}

type Difference = readonly [name: string, note: string];

function differencesOf(param: ParamDescription): readonly Difference[] {
  const { name, onLinux, note, notYet, meaningless } = param;
  return [
    ...(onLinux === 'same' ? [] : [[name, `${KINDS[onLinux]}${note ?? ''}`] as const]),
    ...(notYet === null ? [] : [[name, `${KINDS.later}${notYet.values}: ${notYet.note}.`] as const]),
    ...(meaningless === null
      ? []
      : [[name, `${KINDS.ignored}${meaningless.values}: ${meaningless.note}.`] as const]),
  ];
}

/** The table of a jail's life: for each phase, what can happen in it and what it becomes. */
function transitionsAsRoff(): string {
  // Object.keys() forgets which keys there are.
  const phases = Object.keys(transitions) as Phase[];
  const rows = phases.map((phase) => {
    const state = shown(phase) === phase ? [] : [`Shown as ${shown(phase)}.`];
    const cells = Object.entries(transitions[phase]).map(([event, [to]]) => `${roff(event)}\t${to}`);
    const table = ['.TS', 'l l.', ...cells, '.TE'];
    return [`.It Cm ${phase}`, ...state, ...table].join('\n');
  });
  return ['.Bl -tag -width indent', ...rows, '.El'].join('\n');
}

type JailerStep = readonly [name: string, what: string];

/** The steps of the jailer, in their order. @throws Error when it is not built */
export function jailerSteps(repository: string): readonly JailerStep[] {
  const text = execFileSync(join(repository, 'native/build/jailer'), ['--steps'], { encoding: 'utf8' });
  return text
    .trimEnd()
    .split('\n')
    .map((line): JailerStep => {
      const [name = '', what = ''] = line.split('\t');
      return [name, what];
    });
}

function stepsAsRoff(steps: readonly JailerStep[]): string {
  const items = steps.map(([name, what]) => `.It Cm ${roff(name)}\n${roff(what)}`);
  return ['.Bl -tag -width "domainname" -compact', ...items, '.El'].join('\n');
}
