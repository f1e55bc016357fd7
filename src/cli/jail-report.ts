import type { Jail } from '../config/compile.js';
import { commandArgv } from '../plan/command.js';
import type { Step } from '../plan/step.js';
import type { Deed, Operations, Outcome } from '../supervise/operations.js';
import type { DaemonContext } from './context.js';
import type { JailCall } from './jail-words.js';
import { stepLine } from './plan.js';
import { printable } from './render.js';

/** What jail(8) calls the ways in which a command can fail. */
function commandFate(reason: string): string {
  if (reason.startsWith('timed out')) return 'timed out';
  const [, signal] = /signal (\d+)/.exec(reason) ?? [];
  return signal === undefined ? 'failed' : `exited on signal ${signal}`;
}

/** The error of an outcome in jail(8)'s words, and in a second line what there is to say beside them. */
function failureText({ jail, message, hint, command, waitsFor, code }: Outcome): string {
  const cause = message.replace(/^not [a-z ]+: /, '');
  const [words, ...more] =
    code === 4
      ? [`"${jail}" not found`]
      : waitsFor !== undefined
        ? [`${jail}: skipped`, `it starts by itself when ${waitsFor.join(', ')} runs`]
        : command !== undefined
          ? [`${jail}: ${command.text}: ${commandFate(command.reason)}`, cause]
          : [`${jail}: ${cause}`];
  const hints = [...more, ...(hint === undefined || waitsFor !== undefined ? [] : [hint])];
  const lines = [`jail: ${words}`, ...(hints.length === 0 ? [] : [`hint: ${hints.join('; ')}`])];
  return lines.map((line) => `${printable(line)}\n`).join('');
}

const asUser = (user: string | null | undefined): string => (user ? ` as ${user}` : '');

/** What is run inside, in order; what is in the background is not waited for. */
function insideCommands({ values }: Jail): readonly { readonly text: string; readonly waits: boolean }[] {
  const starts = (values['exec.start'] ?? []).flatMap((text) => {
    const parsed = commandArgv(text);
    return parsed === null ? [] : [{ text, waits: !parsed.background }];
  });
  const command = (values.command ?? []).join(' ');
  return command === '' ? starts : [...starts, { text: command, waits: true }];
}

/** Tells what becomes of jails while it is done, and at the end what went wrong. */
export class JailReport {
  readonly created = new Set<string>();
  private readonly removed = new Set<string>();
  /** How many commands inside each jail have been told of. */
  private readonly told = new Map<string, number>();
  failed = false;

  /** @param concerns whether a jail is one of those that were asked for */
  constructor(
    private readonly context: Pick<DaemonContext, 'out' | 'err'> & { readonly operations: Operations },
    private readonly call: Pick<JailCall, 'quiet' | 'verbose' | 'printsJid'>,
    private readonly isNamed = true,
  ) {}

  /** Tells of the jails named, until the work is over. */
  async during<T>(names: readonly string[], removes: boolean, work: () => Promise<T>): Promise<T> {
    const concerned = new Set(names);
    const end = this.context.operations.watch((jail, deed) => {
      if (concerned.has(jail)) this.hear(jail, deed, removes);
    });
    return work().finally(end);
  }

  private hear(jail: string, deed: Deed, removes: boolean): void {
    if (this.call.verbose) this.tellDeed(jail, deed);
    if (!removes && deed.kind === 'step' && deed.verb === 'done' && deed.step.name === 'jailer.spawn')
      this.noteCreated(jail);
    if (removes && deed.kind === 'state' && deed.state === 'cleaning') this.noteRemoved(jail);
  }

  private say(jail: string, words: string): void {
    this.context.out(`${printable(`${jail}: ${words}`)}\n`);
  }

  private noteCreated(jail: string): void {
    if (this.created.has(jail)) return;
    this.created.add(jail);
    const { jid } = this.context.operations.glance().find(({ name }) => name === jail) ?? { jid: null };
    if (this.call.printsJid) this.context.out(`${jid ?? 0}\n`);
    if (!this.call.quiet && (this.isNamed || this.call.verbose)) this.say(jail, 'created');
  }

  private noteRemoved(jail: string): void {
    if (this.removed.has(jail)) return;
    this.removed.add(jail);
    if (!this.call.quiet && (this.isNamed || this.call.verbose)) this.say(jail, 'removed');
  }

  noteUpdated(jail: string): void {
    if (!this.call.quiet) this.say(jail, 'updated');
  }

  /** What went wrong in jail(8)'s words. */
  fail(words: string): void {
    this.failed = true;
    this.context.err(`jail: ${printable(words).slice(0, 1024)}\n`);
  }

  /** A jail that could not be started is taken down again, and that is told when its making was. */
  conclude(outcomes: readonly Outcome[], what: 'create' | 'remove' | 'update' | 'clean'): void {
    for (const outcome of outcomes) {
      if (!outcome.ok) {
        this.failed = true;
        this.context.err(failureText(outcome));
        if (what === 'create' && this.created.has(outcome.jail)) this.noteRemoved(outcome.jail);
      } else if (what === 'update') this.noteUpdated(outcome.jail);
    }
  }

  private tellDeed(jail: string, deed: Deed): void {
    if (deed.kind === 'started') return this.tellInside(jail);
    if (deed.kind === 'signal')
      return this.say(jail, deed.signal === 15 ? 'sent SIGTERM' : `sent signal ${deed.signal}`);
    if (deed.kind !== 'step' || deed.verb === 'done') return;
    if (deed.step.name === 'jailer.go') {
      this.told.delete(jail);
      return this.tellInside(jail);
    }
    this.say(jail, deed.verb === 'undo' ? `undo ${stepLine(deed.step)}` : stepWords(deed.step));
  }

  /** The commands that are run inside from now on until one of them has to be waited for. */
  private tellInside(jail: string): void {
    const definition = this.context.operations.definition(jail);
    if (definition === null) return;
    const commands = insideCommands(definition);
    let next = this.told.get(jail) ?? 0;
    for (let waits = false; !waits && next < commands.length; next++) {
      const { text, waits: isLast } = commands[next] ?? { text: '', waits: true };
      this.say(jail, `run command in jail${asUser(definition.values['exec.jail_user'])}: ${text}`);
      waits = isLast;
    }
    this.told.set(jail, next);
  }
}

function stepWords(step: Step): string {
  if (step.name === 'hook.run') return `run command${asUser(step.args.user)}: ${step.args.command}`;
  if (step.name === 'jail.exec') return `run command in jail${asUser(step.args.user)}: ${step.args.command}`;
  return stepLine(step);
}
