import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A stretch of text and its syntax group without "jailconf"; '' is none. */
export type Grouped = readonly [text: string, group: string];

/** Prints for each line the name of each byte's group, and what the file was taken for. */
const PRINT = `
function! Groups(line)
  return join(map(range(1, len(getline(a:line))), {_, column -> synIDattr(synID(a:line, column, 1), 'name')}))
endfunction
call writefile([&filetype] + map(range(1, line('$')), {_, line -> Groups(line)}), $JAILD_GROUPS)
qall!
`;

/**
 * Opens a text in Vim. @param vim the directory that Vim is told of @param name the file's name
 * @returns the file type that it has found, and the groups of the text's stretches
 */
export function openInVim(
  vim: string,
  name: string,
  text: string,
): { filetype: string; stretches: readonly Grouped[] } {
  const directory = mkdtempSync(join(tmpdir(), 'jaild-vim-'));
  try {
    const [file, script, answer] = [name, 'print.vim', 'groups'].map((one) => join(directory, one)) as [
      string,
      string,
      string,
    ]; // three in, three out
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    writeFileSync(script, PRINT);
    const set = [
      `set nocompatible nomodeline encoding=utf-8 runtimepath^=${vim}`,
      'filetype on',
      'syntax on',
    ];
    const options = ['-es', '-u', 'NONE', '-i', 'NONE', ...set.flatMap((one) => ['--cmd', one])];
    execFileSync('vim', [...options, '-S', script, file], {
      env: { ...process.env, JAILD_GROUPS: answer },
      stdio: 'ignore',
      timeout: 30_000,
    });
    const [filetype = '', ...groups] = readFileSync(answer, 'utf8').split('\n');
    const lines = text.split('\n');
    return { filetype, stretches: lines.flatMap((line, index) => stretchesOf(line, groups[index] ?? '')) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function stretchesOf(line: string, groups: string): readonly Grouped[] {
  const bytes = Buffer.from(line);
  const names = groups.split(' ').map((name) => name.replace(/^jailconf/, ''));
  const stretches: [Buffer, string][] = [];
  for (const [at, name] of names.entries()) {
    const byte = bytes.subarray(at, at + 1);
    const last = stretches.at(-1);
    if (last?.[1] === name) last[0] = Buffer.concat([last[0], byte]);
    else stretches.push([byte, name]);
  }
  return stretches.filter(([text]) => text.length > 0).map(([text, name]) => [text.toString(), name]);
}
