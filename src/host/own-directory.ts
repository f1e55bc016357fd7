import { chmodSync, lstatSync, mkdirSync, statSync, type Stats } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import type { OwnDirectories } from '../plan/host-part.js';
import type { Instance } from '../plan/instance.js';
import { SystemError } from './error.js';
import { systemError } from './files.js';

/** In the directory of a jail: the record of it (src/supervise/records.ts), beside what its jailer makes. */
export const RECORD = 'state.json';

const { ENOTDIR, EPERM } = constants.errno;
const WRITABLE_BY_OTHERS = 0o022;

const repository = join(import.meta.dirname, '../../..');

/** Where this jaild has what is its own. */
export function directoriesOf({
  jailConf,
  runDirectory,
  stateDirectory,
  logDirectory,
}: Instance): OwnDirectories {
  return {
    state: [dirname(jailConf), runDirectory, stateDirectory, logDirectory],
    programs: ['bin', 'dist', 'native', 'node_modules'].map((name) => join(repository, name)),
  };
}

type Look = (path: string) => Stats;

/** Makes a directory where there is none, and sees to it that it is root's and that nobody else writes to it. */
function own(path: string, mode: number, look: Look): void {
  try {
    mkdirSync(path, { recursive: true, mode });
    const found = look(path);
    if (!found.isDirectory()) throw new SystemError('mkdir', ENOTDIR, path);
    if (found.uid !== process.geteuid?.()) {
      const hint = 'who owns it can put files of his own in the place of those of jaild';
      throw new SystemError('mkdir', EPERM, `${path} is of uid ${found.uid}`, hint);
    }
    if ((found.mode & WRITABLE_BY_OTHERS) !== 0) chmodSync(path, found.mode & 0o7777 & ~WRITABLE_BY_OTHERS);
  } catch (error) {
    throw error instanceof SystemError ? error : systemError(error, path);
  }
}

/** A directory of the instance. Root may have put a link there, to another disk. Throws SystemError. */
export function ownDirectory(path: string, mode: number): void {
  own(path, mode, (at) => statSync(at));
}

/** A directory in one of these, that jaild has made or makes now: a link or a file there is no one's whom it knows. Throws SystemError. */
export function ownSubdirectory(path: string, mode: number): void {
  own(path, mode, (at) => lstatSync(at));
}
