import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parse } from '../../src/config/syntax/parser.js';

const repository = resolve(import.meta.dirname, '../../..');
const shared = process.env['JAILD_CORPUS'] ?? resolve(repository, '../shared/jailconf');

/** Where there are files to read: the project's own, and those of others (JAILD_CORPUS) where they are present. */
export const corpusFolders: readonly string[] = [
  join(repository, 'test/config/corpus/rules'),
  join(shared, 'rules'),
  join(shared, 'real'),
].filter(existsSync);

export interface CorpusFile {
  readonly folder: string;
  readonly file: string;
  /** FOLDER/FILE, for titles. */
  readonly name: string;
  readonly text: string;
}

/** Every jail.conf of the corpus. */
export function corpusFiles(): readonly CorpusFile[] {
  return corpusFolders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.conf'))
      .map((file) => ({
        folder,
        file,
        name: `${basename(dirname(folder))}/${basename(folder)}/${file}`,
        text: readFileSync(join(folder, file), 'utf8'),
      })),
  );
}

/** Whether our parser finds no mistakes in a text. */
export const isSound = (file: string, text: string): boolean =>
  parse({ file, text }).diagnostics.every(({ severity }) => severity !== 'error');

/** Those without mistakes in their syntax. */
export function soundFiles(): readonly CorpusFile[] {
  return corpusFiles().filter(({ file, text }) => isSound(file, text));
}
