import type { Instance } from './instance.js';
import type { HostMemory } from './limit-amounts.js';
import type { LogSockets } from './log.js';
import type { Reach } from './reach.js';
import type { HostSubnet, JailAddress } from './step.js';

/** A user of the host, as passwd(5) has it. */
export interface SystemUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** A device node of the host. */
export interface DeviceNumbers {
  readonly type: 'b' | 'c';
  /** "MAJOR:MINOR" */
  readonly numbers: string;
}

/** How the host mounts its cgroups. `path` is where this instance's jails go: `<hierarchy>/jaild` or a delegated cgroup. */
export interface CgroupFacts {
  /** Controller → directory below which this instance's v1 cgroups lie. Empty on a pure v2 host. */
  readonly v1: Readonly<Partial<Record<string, string>>>;
  /** Directory of this instance in the v2 tree, or null on a pure v1 host. */
  readonly v2: string | null;
  /** Controllers that the v2 tree has here: all on a pure v2 host, none on a hybrid one. */
  readonly v2Controllers: readonly string[];
  /** Control files that this kernel does not give its cgroups, such as `memory.memsw.limit_in_bytes`. Absent: not looked yet. */
  readonly missing?: readonly string[];
  /** Which cgroups hold back devices: those of v2 by BPF, the controller of v1, or none. Absent: not looked yet. */
  readonly deviceAccess?: 1 | 2 | null;
}

/** What else the host has that a jail is told figures of its own of, and its clocks, as of now. */
export interface HostFigures {
  /** The usual size of huge pages in KiB, or null where there are none. */
  readonly hugepage: number | null;
  /** The CPUs that are online. */
  readonly cpus: readonly number[];
  /** Milliseconds since 1970. */
  readonly realtime: number;
  /** Seconds of CLOCK_MONOTONIC and CLOCK_BOOTTIME, without what a time namespace of jaild's adds. */
  readonly monotonic: number;
  readonly boottime: number;
}

/** What the host has of what limits share out, and what jaild can hand on of it. */
export interface HostLimits {
  readonly memory: HostMemory;
  /** kernel.threads-max: processes and threads of the whole host. */
  readonly threads: number;
  /** fs.file-max: open files of the whole host. */
  readonly files: number;
  /** kernel.core_pattern, core(5). */
  readonly corePattern: string;
  /** The highest that jaild can give of each limit of setrlimit(2), by its short name; those not named: anything. */
  readonly hard: Readonly<Partial<Record<string, number>>>;
  /** The host's own quotas by creator: name in /proc/sys/user → most. */
  readonly quotas: Readonly<Partial<Record<string, number>>>;
}

/** A bridge that jaild makes. */
export interface BridgeFacts {
  /** The host's own addresses on it. */
  readonly subnets: readonly HostSubnet[];
  /** What the jail was given out of them. */
  readonly leased: readonly JailAddress[];
}

/** A jail that this one depends on, by what it has now. */
export interface Neighbour {
  readonly name: string;
  readonly hostname: string;
  readonly addresses: readonly string[];
}

/** What a jail's files of names are made of. */
export interface NameFacts {
  /** The host's resolv.conf(5), as far as its servers can be reached from a jail. */
  readonly resolver: string;
  /** What the root has in etc/hosts, a character for each byte; null: it is nothing to add to, and stays as it is. */
  readonly hosts: string | null;
}

/** All that a plan depends on beside the jail itself. Read before, passed in, so that planning is a pure function. */
export interface HostFacts {
  readonly instance: Instance;
  readonly cgroups: CgroupFacts;
  /** First host uid of the jail's 65,536 ids, or null without a user namespace of its own. */
  readonly uidBase: number | null;
  /** File with the compiled seccomp program, or null for none. */
  readonly seccomp: string | null;
  readonly jid: number;
  /** 32 hex digits, new for each start. */
  readonly launch: string;
  /** Where jails, or others than root, may lay links. Absent: nowhere. */
  readonly reach?: Reach;
  /** The text of each fstab file that `mount.fstab` names. */
  readonly fstabs: ReadonlyMap<string, string>;
  /** Device numbers of block devices named in limits: path → "MAJ:MIN". */
  readonly blockDevices: ReadonlyMap<string, string>;
  /** Devices that `devices` and `allow.vmm` ask for, as far as the host has them. Absent: none are asked for. */
  readonly devices?: ReadonlyMap<string, DeviceNumbers>;
  /** The user that `exec.system_jail_user` asks for, or null when there is none. Absent: none is asked for. */
  readonly systemUser?: SystemUser | null;
  /** What `ip_hostname` adds: the addresses that the jail's host name resolves to. */
  readonly hostnameAddresses: readonly string[];
  /** Absent: the jail is on no bridge that jaild makes. */
  readonly bridge?: BridgeFacts;
  /** Absent: the jail asks for no names. */
  readonly names?: NameFacts;
  /** Absent: it depends on none, or does not ask for their names. */
  readonly neighbours?: readonly Neighbour[];
  /** File of a network namespace that an earlier life of the jail has left, with the links in it. Absent: it gets a new one. */
  readonly standingNetns?: string;
  /** Whether the kernel has IPv6. Absent: not asked. */
  readonly hasIpv6?: boolean;
  /** Whether the kernel has time namespaces (Linux 5.6, CONFIG_TIME_NS). */
  readonly timeNamespaces: boolean;
  /** The security modules that the kernel has enabled: "apparmor". Absent: no label is asked for. */
  readonly securityModules?: readonly string[];
  readonly figures: HostFigures;
  /** The host's machine-id(5). Absent: it has none. */
  readonly machineId?: string;
  readonly limits: HostLimits;
  /** Absent: where they usually are. */
  readonly logSockets?: LogSockets;
  /** jaild's TERM, for commands of a jail on a terminal. */
  readonly term: string | null;
}
