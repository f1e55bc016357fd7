import type { DeviceAccessArgs } from '../step.js';

/** One process of a jail, as /proc/PID/status has it; ids as the host numbers them. proc_pid_status(5). */
export interface ObservedProcess {
  readonly pid: number;
  /** `other`: one of the cgroup that is in the jail's namespaces; `jailer`: outside of them, the parent of process 1. */
  readonly role: 'init' | 'command' | 'other' | 'jailer';
  /** What it calls itself: the jail chooses that. */
  readonly name: string;
  /** Real, effective, saved and file system ids. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  readonly capabilities: Readonly<
    Record<'inheritable' | 'permitted' | 'effective' | 'bounding' | 'ambient', bigint>
  >;
  readonly noNewPrivs: boolean;
  /** 0 none, 1 strict, 2 filters; and how many of these. */
  readonly seccomp: number;
  readonly filters: number;
  /** Its session as the jail numbers it; 0 is one of outside. */
  readonly session: number;
  readonly oomScoreAdj: number;
  /** "PROFILE (MODE)" of AppArmor, or the context of SELinux; null where there is none. */
  readonly label: string | null;
}

/** A line of /proc/PID/uid_map or gid_map. */
export interface IdRange {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

/** A line of /proc/PID/mountinfo. */
export interface ObservedMount {
  /** Where it is seen in the jail. */
  readonly target: string;
  /** What of the file system is seen there. */
  readonly root: string;
  readonly device: string;
  readonly type: string;
  readonly options: readonly string[];
  /** Those of its file system. */
  readonly superOptions: readonly string[];
  /** Whether mounts of the host's appear below it, or its own on the host. */
  readonly propagates: boolean;
}

/** A descriptor that leads to a file outside of the jail's mounts. */
export interface ForeignDescriptor {
  readonly pid: number;
  readonly descriptor: number;
  readonly target: string;
  readonly kind: 'directory' | 'file' | 'device';
}

export interface ObservedLimit {
  readonly soft: number;
  readonly hard: number;
}

/** Whether its cgroup lets it use devices beyond the plan: rules of v1 that the plan lacks, or v2 without the plan's program. */
export type DeviceAccess =
  | { readonly version: 1; readonly beyond: readonly string[] }
  | { readonly version: 2; readonly isAttached: boolean };

/** What the kernel says of a running jail; nothing in it was asked from the jail itself. */
export interface Observation {
  /** Those in the jail. */
  readonly processes: readonly ObservedProcess[];
  /** Its jailer, null when it has gone. */
  readonly jailer: ObservedProcess | null;
  /** Kind ("mnt") → the jail's namespace and that of jaild. */
  readonly namespaces: Readonly<Record<string, { readonly jail: string; readonly host: string }>>;
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
  readonly mounts: readonly ObservedMount[];
  /** Whom the root directory belongs to, as the host numbers its users; null where nobody can tell. */
  readonly rootOwner: number | null;
  /** What the host has mounted below the jail's root, as paths in it. */
  readonly hostMounts: readonly string[];
  /** The file system that is the host's own root directory: device and path. */
  readonly hostRoot: { readonly device: string; readonly root: string };
  /** Of the paths to be hidden or read-only, those that this kernel has. */
  readonly present: readonly string[];
  readonly descriptors: readonly ForeignDescriptor[];
  /** Limits of the first process by name ("nofile"), and of the command. */
  readonly limits: readonly Readonly<Record<string, ObservedLimit>>[];
  /** Control file → what it says, null when it is not there. */
  readonly controls: Readonly<Record<string, string | null>>;
  /** user.max_* of the jail's user namespace, and of jaild's; null where they can't be read. */
  readonly quotas: Readonly<Record<string, number>> | null;
  readonly hostQuotas: Readonly<Record<string, number>>;
  readonly links: readonly string[];
  /** null where no cgroup holds it back. */
  readonly deviceAccess: DeviceAccess | null;
  /** Clock ("boottime") → seconds by which the jail's is shifted. */
  readonly clocks: Readonly<Record<string, number>>;
  readonly init: {
    /** What /proc/PID/exe leads to. */
    readonly program: string;
    /** Whether others may look into its memory. */
    readonly isDumpable: boolean;
    /** Device number of its controlling terminal, 0 for none. */
    readonly terminal: number;
  };
  /** The version of landlock(7) that the kernel has, 0 for none. It does not tell who is restricted by it. */
  readonly landlock: number;
  /** The file or program that core dumps go to. */
  readonly corePattern: string;
  /** Other running jails by name, and their user ids. */
  readonly neighbours: Readonly<Record<string, readonly IdRange[]>>;
}

/** Where to look. */
export interface Subject {
  readonly init: number;
  readonly command: number | null;
  /** The jail's root, a path of the host. */
  readonly path: string;
  readonly cgroups: readonly string[];
  readonly controls: readonly string[];
  /** Paths in the jail that the plan hides or makes read-only. */
  readonly covered: readonly string[];
  /** The plan's step about devices, if it has one. */
  readonly devices: DeviceAccessArgs | null;
  /** First processes of other running jails, by name. */
  readonly neighbours: Readonly<Record<string, number>>;
}
