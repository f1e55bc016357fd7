import type { CgroupFacts } from './facts.js';
import type { OwnDirectories } from './host-part.js';
import type { LogSockets } from './log.js';
import type { HostMount } from './mapping.js';
import type { TakenIds } from './uidrange.js';

/** What a path names. `unknown` is what this process may not look at. */
export type PathFact =
  | { readonly kind: 'missing' | 'unknown' }
  | { readonly kind: 'link'; readonly target: string; readonly uid: number }
  | {
      readonly kind: 'directory' | 'file' | 'block-device' | 'other';
      /** Permissions, as in stat(2). */
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** An address of one of the host's own links. */
export interface HostAddress {
  readonly address: string;
  /** In bits. */
  readonly prefix: number;
  readonly link: string;
}

/** Ids of the host that somebody uses, and who. */
export interface UsedIds extends TakenIds {
  readonly by: string;
}

/** A host as rules look at it before anything is done. Everything is read when it is first asked for, and once. */
export interface HostView {
  /** Of the jaild whose jails these are. */
  readonly ownDirectories: OwnDirectories;
  /** Where logs go beside files. */
  readonly logSockets: LogSockets;
  /** What a path is itself: the last link is not followed. */
  readonly lstat: (path: string) => PathFact;
  /** What a path leads to. */
  readonly stat: (path: string) => PathFact;
  /** Whether set-user-ID bits of files below a directory count: its file system is not mounted nosuid. */
  readonly setsIds: (directory: string) => boolean;
  /** The text of a file, or null when it cannot be read. */
  readonly text: (path: string) => string | null;
  /** The first bytes of a file, a few thousand; none when it cannot be read. */
  readonly head: (path: string) => Uint8Array;
  /** The names in a file of passwd(5), or null when it cannot be read. */
  readonly users: (passwd: string) => ReadonlySet<string> | null;
  /** "MAJOR:MINOR" of a block device, or null when the path is none. */
  readonly blockDevice: (path: string) => string | null;
  /** "MAJOR:MINOR" of the disk on which a directory lies, or null when it lies on none. */
  readonly disk: (path: string) => string | null;
  /** The mount that a path leads to, then those below it; none for what is not there. */
  readonly mountsAt: (path: string) => readonly HostMount[];
  /** Of the kernel: "6.1.0-13-amd64". */
  readonly release: () => string;
  /** Whether there is something of a running jail of this name. */
  readonly isRunning: (jail: string) => boolean;
  readonly links: () => readonly string[];
  readonly addresses: () => readonly HostAddress[];
  readonly hasIp6: () => boolean;
  readonly hasTimeNamespaces: () => boolean;
  /** The security modules that the kernel has enabled: "apparmor". */
  readonly securityModules: () => readonly string[];
  /** Bytes. */
  readonly memory: () => number;
  /** Bytes. */
  readonly swap: () => number;
  /** Lists as in cpuset(7), or null when they are not known. */
  readonly possible: (what: 'cpus' | 'mems') => string | null;
  readonly cpuCount: () => number;
  readonly pidMax: () => number;
  /** Most open files that the kernel lets any process have. */
  readonly openFilesMax: () => number;
  /** The highest that a process started by this one can raise a limit of setrlimit(2) to, by its short name. */
  readonly hardLimit: (name: string) => number;
  readonly cgroups: () => CgroupFacts | null;
  readonly usedIds: () => readonly UsedIds[];
}
