import type { Finding } from '../../config/finding.js';
import type { ParamName } from '../../config/params.js';
import { commandArgv, hostEnvironment, jailEnvironment } from '../command.js';
import type { HostView } from '../host-view.js';
import { interpreterOf } from './interpreter.js';
import { elementOf, finding, usualMounts, type Subject } from './subject.js';
import { lookInside, type Tree } from './tree.js';

/** A program that a command begins with: what stands in its way, or null. */
interface Obstacle {
  readonly message: string;
  readonly hint?: string;
}

/** Where a program is looked for. */
interface Search {
  readonly host: HostView;
  readonly tree: Tree;
  /** Directories in which names are looked for. */
  readonly path: () => readonly string[];
  /** `jail "web"` or "this host". */
  readonly who: string;
}

const SHELLS = /^(?:.*\/)?(?:sh|ash|bash|dash|ksh|mksh|zsh)$/;
/** A script of a script of a script, and the loader of its program. */
const MAX_INTERPRETERS = 5;

/** Commands of the host see it as it is. */
const nothingMounted: Tree['mounts'] = new Map();

/** Programs that nothing stands in the way of, by root: many jails may share one. */
const runnable = new WeakMap<HostView, Set<string>>();

/** What the kernel would say to running this. Null where it would run, or nobody can tell. */
function obstacleTo(argv: readonly string[], search: Search): Obstacle | null {
  const { host, tree, path } = search;
  if (tree.mounts !== usualMounts && tree.mounts !== nothingMounted) return findObstacle(argv, search);
  const known = runnable.get(host) ?? new Set();
  runnable.set(host, known);
  const [program = '', script = ''] = argv;
  const places = program.includes('/') ? [] : path();
  const key = [
    ...[String(tree.mounts === usualMounts), tree.root, ...places],
    ...[program, SHELLS.test(program) ? script : ''],
  ].join('\0');
  if (known.has(key)) return null;
  const found = findObstacle(argv, search);
  if (found === null) known.add(key);
  return found;
}

function findObstacle(argv: readonly string[], search: Search): Obstacle | null {
  const [program = '', script] = argv;
  const found = program.includes('/') ? fileObstacle(program, search) : nameObstacle(program, search);
  if (found !== null)
    return script === '-c' && found.hint === undefined ? { ...found, hint: BY_SHELL } : found;
  const runsFile = SHELLS.test(program) && script !== undefined && script.startsWith('/');
  if (!runsFile || lookInside(search.host, search.tree, script).fact.kind !== 'missing') return null;
  return { message: `${search.who} has no ${script}`, ...(script === '/etc/rc' && { hint: RC }) };
}

const BY_SHELL = 'a command with characters that are special to the shell is run by /bin/sh -c';
const RC = '/etc/rc starts a FreeBSD system: name the program of the jail with command or exec.start';

function nameObstacle(name: string, search: Search): Obstacle | null {
  const path = search.path();
  const kinds = path.map((directory) => {
    const { fact } = lookInside(search.host, search.tree, `${directory}/${name}`);
    return fact.kind === 'file' ? (fact.mode & 0o111) !== 0 : fact.kind === 'unknown';
  });
  if (kinds.includes(true)) return null;
  return {
    message: `${search.who} has no program ${name}`,
    hint: /^\w+=/.test(name)
      ? `only a shell sets variables: write env ${name}`
      : `looked for in ${path.join(':')}`,
  };
}

function fileObstacle(program: string, search: Search, depth = 0): Obstacle | null {
  if (!program.startsWith('/') || depth > MAX_INTERPRETERS) return null;
  const { fact, hostPath } = lookInside(search.host, search.tree, program);
  switch (fact.kind) {
    case 'missing':
      return { message: `${search.who} has no ${program}` };
    case 'directory':
      return { message: `${search.who}: ${program} is a directory` };
    case 'file':
      if ((fact.mode & 0o111) === 0)
        return { message: `${search.who}: ${program} may not be executed`, hint: `chmod +x ${hostPath}` };
      return interpreterObstacle(program, hostPath, search, depth);
    case 'link':
    case 'unknown':
    case 'block-device':
    case 'other':
      return null;
  }
}

/** The kernel says "no such file" of a program whose interpreter or loader is missing, which nobody understands. */
function interpreterObstacle(
  program: string,
  hostPath: string,
  search: Search,
  depth: number,
): Obstacle | null {
  const interpreter = interpreterOf(search.host.head(hostPath));
  const found = interpreter === null ? null : fileObstacle(interpreter, search, depth + 1);
  return found && { ...found, message: `${program} is run by ${interpreter ?? ''}: ${found.message}` };
}

/** The programs that exec.start, command and exec.stop begin with are in the root. */
export function* programsExist(subject: Subject, host: HostView): Iterable<Finding> {
  const { jail, tree } = subject;
  const { values } = jail;
  if (tree === null) return;
  const about = { jid: 0, name: jail.name, path: tree.root };
  const path = () =>
    pathOf(jailEnvironment(about, { clean: values['exec.clean'] === true }, values['exec.env']));
  const search: Search = { host, tree, path, who: `jail "${jail.name}"` };
  // What is missing now may be made by a command before: then nothing is certain.
  let isFirst = subject.preparations.length === 0;
  for (const text of values['exec.start'] ?? []) {
    const command = commandArgv(text);
    if (command === null) continue;
    const severity = isFirst && !command.background ? 'error' : 'warning';
    yield* told(subject, severity, ['exec.start', text], obstacleTo(command.argv, search));
    isFirst = false;
  }
  const [main] = values.command ?? [];
  if (main !== undefined) {
    const argv = (values.command?.length ?? 0) > 1 ? values.command : commandArgv(main)?.argv;
    const at = ['command', main] as const;
    if (argv !== undefined) yield* told(subject, isFirst ? 'error' : 'warning', at, obstacleTo(argv, search));
  }
  yield* laterPrograms(subject, search);
}

/** Those that are run when the jail is up; by then there may be more in it. */
function* laterPrograms(subject: Subject, search: Search): Iterable<Finding> {
  const { values } = subject.jail;
  for (const text of values['exec.stop'] ?? []) {
    const argv = commandArgv(text)?.argv;
    if (argv === undefined) continue;
    yield* told(subject, 'warning', ['exec.stop', text], obstacleTo(argv, search));
  }
  const health = values['health.command'];
  const check = health === undefined ? undefined : commandArgv(health)?.argv;
  if (check !== undefined)
    yield* told(subject, 'warning', ['health.command', health ?? ''], obstacleTo(check, search));
  const init = values['exec.init'];
  if (init !== undefined) yield* told(subject, 'error', ['exec.init', init], obstacleTo([init], search));
}

/** @param text which string of the parameter it is */
function* told(
  subject: Subject,
  severity: Finding['severity'],
  [parameter, text]: readonly [ParamName, string],
  obstacle: Obstacle | null,
): Iterable<Finding> {
  if (obstacle === null) return;
  const at = elementOf(subject, parameter, text);
  yield finding(subject, severity, 'no-such-program', at, obstacle.message, obstacle.hint);
}

const pathOf = (environment: Readonly<Record<string, string>>): readonly string[] =>
  (environment['PATH'] ?? '/bin:/usr/bin').split(':').filter((directory) => directory !== '');

const hookNames = [
  ...(['exec.prepare', 'exec.prestart', 'exec.created', 'exec.poststart'] as const),
  ...(['exec.prestop', 'exec.poststop', 'exec.release'] as const),
];
const startHooks: readonly string[] = hookNames.slice(0, 4);

/** The programs that commands of the host begin with are on the host. */
export function* hooksExist(subject: Subject, host: HostView): Iterable<Finding> {
  const { values, name } = subject.jail;
  const about = { jid: 0, name, path: values.path ?? '/' };
  const path = () => pathOf(hostEnvironment(about, { clean: values['exec.clean'] === true }));
  const search: Search = { host, tree: { root: '/', mounts: nothingMounted }, path, who: 'this host' };
  let isFirst = true;
  for (const phase of hookNames)
    for (const text of values[phase] ?? []) {
      const command = commandArgv(text);
      if (command === null) continue;
      const isCertain = isFirst && startHooks.includes(phase) && !command.background;
      yield* told(subject, isCertain ? 'error' : 'warning', [phase, text], obstacleTo(command.argv, search));
      isFirst = false;
    }
}
