import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from './cli/commands.js';
import { completionScript } from './cli/completion.js';
import { commandsAsRoff, rightsAsRoff } from './cli/manual.js';
import { textMateGrammar } from './config/editor/textmate.js';
import { vimSyntax } from './config/editor/vim.js';
import { paramsAsRoff, treatmentsAsRoff } from './config/manual/describe-roff.js';
import { resourcesAsRoff } from './config/rctl/describe.js';
import { roff } from './config/manual/roff.js';
import { families } from './daemon/metric-families.js';
import { settingsAsIni, settingsAsRoff } from './daemon/settings.js';
import { eventKinds } from './supervise/events/journal.js';
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
    ['etc/editor/jail.conf.tmLanguage.json', textMateGrammar()],
    ['etc/editor/vim/syntax/jailconf.vim', vimSyntax()],
  ]);
}

type Lists = ReadonlyMap<string, () => string>;

function listsOf(repository: string): Lists {
  return new Map([
    ['PARAMETERS', paramsAsRoff],
    ['TREATMENTS', treatmentsAsRoff],
    ['RESOURCES', resourcesAsRoff],
    ['SETTINGS', settingsAsRoff],
    ['COMMANDS', commandsAsRoff],
    ['RIGHTS', rightsAsRoff],
    ['TRANSITIONS', transitionsAsRoff],
    ['EVENTS', eventsAsRoff],
    ['METRICS', metricsAsRoff],
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

function eventsAsRoff(): string {
  const items = Object.entries(eventKinds).map(([kind, meaning]) => `.It Cm ${kind}\n${roff(meaning)}`);
  return ['.Bl -tag -width "schedule" -compact', ...items, '.El'].join('\n');
}

function metricsAsRoff(): string {
  const items = families.map(({ name, type, help }) => `.It Cm ${name}\n${roff(help)} (${type})`);
  return ['.Bl -tag -width indent -compact', ...items, '.El'].join('\n');
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
