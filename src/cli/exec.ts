import { Refusal } from '../control/failure.js';
import type { JailStatus } from '../supervise/operations.js';
import { daemonCommand } from './command.js';
import type { CommandResult, DaemonContext } from './context.js';
import { statusOf } from './jails.js';
import { wrongUse } from './words.js';

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A command to be run in a running jail. */
export interface ExecRequest {
  /** Of the jail's own passwd, or UID, or UID:GID; empty for the one that the jail's commands run as. */
  readonly user: string;
  /** Empty for the one that the jail's commands run in. */
  readonly workdir: string;
  readonly terminal: boolean;
  /** HOME, SHELL and USER are set; without a `workdir` the command starts in HOME. */
  readonly login: boolean;
  readonly argv: readonly string[];
  /** NAME=VALUE; later ones win. */
  readonly environment: readonly string[];
}

/** The first message to a jailer: exec and its fields (native/PROTOCOL.md §2). */
function execFields(request: ExecRequest): readonly string[] {
  const { user, workdir, terminal, login, argv, environment } = request;
  const yes = (is: boolean): string => (is ? 'yes' : 'no');
  return [
    'exec',
    ...[user, workdir, yes(terminal), yes(login)],
    ...[String(argv.length), ...argv],
    ...[String(environment.length), ...environment],
  ];
}

/** The environment of a command in a jail: nothing of the caller's but TERM, with a terminal. Later words win. */
export function freshEnvironment(
  terminal: boolean,
  term: string,
  ...more: readonly string[][]
): readonly string[] {
  const words = [
    `PATH=${PATH}`,
    ...(terminal ? [`TERM=${term === '' ? 'vt100' : term}`] : []),
    ...more.flat(),
  ];
  return [...new Map(words.map((word) => [word.slice(0, word.indexOf('=')), word])).values()];
}

/** What the jail's own commands have in their environment by its configuration. */
function ownEnvironment(name: string, { operations }: DaemonContext): string[] {
  return [...(operations.definition(name)?.values['exec.env'] ?? [])];
}

/** Where commands of a jail start unless something else is asked for. */
function workdirOf(name: string, { operations }: DaemonContext): string {
  return operations.definition(name)?.values['exec.workdir'] ?? '/';
}

/** Hands the client over to the jailer of a running jail. Throws Refusal when it does not run. */
export function handOver(context: DaemonContext, jail: JailStatus, request: ExecRequest): CommandResult {
  const target = context.operations.exec(jail.name);
  if (target === null)
    throw new Refusal(1, `${jail.name}: it is not running (${jail.state})`, `jailctl start ${jail.name}`);
  const { stoppedJailer: jailer } = jail;
  if (jailer !== null)
    throw new Refusal(1, `${jail.name}: its jailer (pid ${jailer}) is stopped`, `kill -CONT ${jailer}`);
  return { handOver: { socket: target.socket, fields: execFields(request) } };
}

export const exec = daemonCommand({
  name: 'exec',
  summary: 'Run a command in a running jail.',
  description:
    'What the caller has as standard input, output and error is passed on to and from the command through pipes; it has the ' +
    'limits and capabilities of the jail, and an environment of its own: PATH, HOME, SHELL, USER, what exec.env says, and TERM with -t.',
  operands: 'NAME -- COMMAND...',
  count: [1, 1],
  completes: 'jail',
  optionPlace: 'before-operands',
  options: {
    interactive: { type: 'boolean', short: 'i', summary: 'Pass input on, which is always done.' },
    tty: { type: 'boolean', short: 't', summary: 'Give the command a terminal of the jail.' },
    user: {
      type: 'string',
      short: 'u',
      value: 'USER',
      summary: "One of the jail's passwd, or UID, or UID:GID.",
    },
    workdir: { type: 'string', short: 'w', value: 'DIR', summary: 'The directory inside that it starts in.' },
    env: {
      type: 'string',
      short: 'e',
      value: 'NAME=VALUE',
      multiple: true,
      summary: 'Add to its environment.',
    },
    login: { type: 'boolean', short: 'l', summary: 'Start in the home directory of the user.' },
  },
  needs: 'root',
  run: (context, { options, operands: [name = ''], rest }) => {
    if (rest.length === 0)
      throw wrongUse('exec: the command is missing', `jailctl exec ${name} -- COMMAND...`);
    const wrong = options.env.find((word) => !/^[^=]+=/.test(word));
    if (wrong !== undefined) throw wrongUse(`exec: -e ${wrong}: not NAME=VALUE`);
    if (options.workdir !== undefined && !options.workdir.startsWith('/'))
      throw wrongUse(`exec: -w ${options.workdir}: not an absolute path`);
    return handOver(context, statusOf(name, context.operations), {
      user: options.user ?? '',
      workdir: options.workdir ?? (options.login ? '' : workdirOf(name, context)),
      terminal: options.tty,
      login: true,
      argv: rest,
      environment: freshEnvironment(options.tty, context.terminal.term, ownEnvironment(name, context), [
        ...options.env,
      ]),
    });
  },
});
