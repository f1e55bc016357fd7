import { compile, type Compiled, type Jail } from '../../src/config/compile.js';
import { expandPattern } from '../../src/config/files/glob.js';
import { hostFiles } from '../../src/config/load.js';
import type { Diagnostic } from '../../src/config/diagnostic.js';

/** Compiles a text called jail.conf, with other files by name beside it. */
export function compileText(text: string, others: Readonly<Record<string, string>> = {}): Compiled {
  const files: Record<string, string> = { ...others, 'jail.conf': text };
  return compile(['jail.conf'], {
    readFile: (path) => files[path] ?? hostFiles().readFile(`/nonexistent/${path}`),
    glob: (pattern, directory) => expandPattern(directory + pattern, (folder) => namesIn(folder, files)),
  });
}

function namesIn(folder: string, files: Readonly<Record<string, string>>): readonly string[] {
  const start = folder === '.' ? '' : folder;
  const below = Object.keys(files).filter((file) => file.startsWith(start));
  return [...new Set(below.map((file) => file.slice(start.length).split('/')[0] ?? ''))];
}

/** The only jail of a text. */
export function onlyJail(text: string, others: Readonly<Record<string, string>> = {}): Jail {
  const { jails } = compileText(text, others);
  const [jail] = jails;
  if (jail === undefined || jails.length > 1) throw new Error(`${jails.length} jails`);
  return jail;
}

/** A parameter of the jail "x" whose body is given. */
export function paramOf(body: string, name: string): readonly string[] | null | undefined {
  return onlyJail(`x { ${body} }`).params.get(name);
}

/** LINE:COLUMN code, for each diagnostic. */
export function codes(diagnostics: readonly Diagnostic[]): readonly string[] {
  return diagnostics.map(({ span, code }) => `${span?.line}:${span?.column} ${code}`);
}
