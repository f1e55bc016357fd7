import { renameSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { SystemError } from './error.js';
import { readJson, systemError } from './files.js';

/** What a file says, or that it was damaged and is elsewhere by now. */
export interface Kept<T> {
  readonly content: T | null;
  readonly damage: SystemError | null;
}

/**
 * Reads a file that jaild keeps. A damaged one is moved aside (`FILE.broken-TIME`) and has no content.
 * @param now milliseconds since 1970, for the name of a damaged file
 * @param consequence what comes of the damage, for people
 * @throws SystemError when it cannot be read or moved
 */
export function readKept<T>(
  file: string,
  guard: (value: unknown) => value is T,
  now: number,
  consequence: string,
): Kept<T> {
  try {
    return { content: readJson(file, guard), damage: null };
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== constants.errno.EILSEQ) throw error;
    const aside = `${file}.broken-${now}`;
    try {
      renameSync(file, aside);
    } catch (failure) {
      throw systemError(failure, file);
    }
    const hint = `it was moved to ${aside}; ${consequence}`;
    return { content: null, damage: new SystemError(error.call, error.errno, file, hint) };
  }
}

/** A file that is replaced as a whole, the latest text of it, by one write for all who ask while another is under way. */
export class KeptFile {
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;

  /** @param text what the file is to say, asked for when it is written */
  constructor(
    readonly path: string,
    private readonly text: () => string,
  ) {}

  /** Resolves when what there is to say now is on the disk. Rejects with SystemError. */
  save(): Promise<void> {
    this.#next ??= this.#last = this.#last
      .catch(() => undefined)
      .then(() => {
        this.#next = null;
        return this.#write();
      });
    return this.#next;
  }

  async #write(): Promise<void> {
    const fresh = `${this.path}.new`;
    try {
      const file = await open(fresh, 'w', 0o600);
      try {
        await file.writeFile(this.text());
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, this.path);
      const directory = await open(dirname(this.path), 'r');
      await directory.sync().finally(() => directory.close());
    } catch (error) {
      await rm(fresh, { force: true }).catch(() => undefined);
      throw systemError(error, this.path);
    }
  }
}
