import { formatBytes } from '../config/format/bytes.js';
import type { Diagnostic } from '../config/diagnostic.js';
import { reasonOf } from '../config/files/include.js';
import { readBytes, STDIN } from '../config/load.js';
import { replaceFile } from '../host/replace.js';
import { localCommand } from './command.js';
import { filesToRead, showDiagnostics } from './config-commands.js';
import { done, type CommandContext, type CommandResult } from './context.js';
import { wrongUse } from './words.js';

/** A file as it is and as it should be. */
interface Draft {
  /** `-` is standard input. */
  readonly file: string;
  readonly before: Buffer;
  readonly after: Buffer;
}

const isUnchanged = ({ before, after }: Draft): boolean => before.equals(after);

/** @returns the mistakes of a file that cannot be formatted */
function draftOf(file: string): Draft | readonly Diagnostic[] {
  try {
    const before = readBytes(file);
    const formatted = formatBytes(file === '-' ? STDIN : file, before);
    return formatted.ok ? { file, before, after: formatted.bytes } : formatted.diagnostics;
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error; // a bug, not an answer of the system
    const message = `cannot read ${file}: ${reasonOf(error)}`;
    return [{ code: 'unreadable-file', severity: 'error', span: null, message }];
  }
}

function write(context: CommandContext, drafts: readonly Draft[]): CommandResult {
  for (const draft of drafts.filter((one) => !isUnchanged(one))) {
    replaceFile(draft.file, draft.after);
    context.out(`${draft.file} formatted\n`);
  }
  return done;
}

function check(context: CommandContext, drafts: readonly Draft[]): CommandResult {
  const different = drafts.filter((draft) => !isUnchanged(draft));
  for (const { file } of different) context.out(`${file === '-' ? STDIN : file}\n`);
  return different.length > 0 ? { exit: 1 } : done;
}

export const fmt = localCommand({
  name: 'fmt',
  where: 'local',
  summary: 'Print files in the canonical style: the same jails, the same comments, one layout.',
  description:
    'Without FILE these are the files that jaild reads, without those they include. A FILE of - is standard input. ' +
    'When one of them has mistakes in its syntax they are shown, none is printed or written, and the exit code is 2.',
  operands: '[FILE...]',
  completes: 'file',
  options: {
    write: { type: 'boolean', short: 'w', summary: 'Write the files instead, those that change.' },
    check: {
      type: 'boolean',
      short: 'c',
      summary: 'Name the files that would change, and end with 1 if any.',
    },
  },
  needs: 'anyone',
  run: (context, { options, operands }): CommandResult => {
    if (options.write && options.check) throw wrongUse('--write and --check exclude each other');
    if (options.write && operands.includes('-')) throw wrongUse('standard input cannot be written');
    const results = filesToRead(context, operands).map(draftOf);
    const mistakes = results.flatMap((result) => ('file' in result ? [] : result));
    if (mistakes.length > 0) {
      showDiagnostics(context, mistakes);
      return { exit: 2 };
    }
    const drafts = results.filter((result) => 'file' in result);
    if (options.write) return write(context, drafts);
    if (options.check) return check(context, drafts);
    for (const { after } of drafts) context.out(after);
    return done;
  },
});
