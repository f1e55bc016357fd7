import type { Masquerade, Redirect } from '../config/values/forward.js';

/** One record of the launch plan: a key and its fields (native/PROTOCOL.md §1). */
export type LaunchRecord = readonly [key: string, ...fields: string[]];

/** An address that a jail gets, in the text form of its family. */
export interface JailAddress {
  readonly address: string;
  /** Prefix length that the jail sees, in bits. */
  readonly prefix: number;
  /** Host interface that answers for the address towards its neighbours (proxy ARP, proxy NDP), if any. */
  readonly announceOn?: string;
}

/** A subnet with the address that the host has in it. */
export interface HostSubnet {
  readonly address: string;
  readonly prefix: number;
}

/** How the jail's interface meets the host. */
export type Attachment =
  /** A veth: the address lives in the jail, a host route points at it. */
  | { readonly kind: 'routed' }
  /** A veth, its host's end a port of a bridge. */
  | {
      readonly kind: 'bridge';
      readonly bridge: string;
      /** The host's addresses on a bridge that is made with the first jail and gone with the last; null for one that is the host's own. */
      readonly make: readonly HostSubnet[] | null;
      /** Its port passes nothing to and from others that are isolated. */
      readonly isolated: boolean;
    }
  /** A macvlan on an interface of the host. There is no host's end. */
  | { readonly kind: 'macvlan'; readonly on: string };

/** Interfaces that are not the jail's own, and must pass on what comes in there for it. */
export interface Forwarding {
  readonly interfaces: readonly string[];
  /** Also all others that packets may come in by, as they are at that time. */
  readonly everywhere: boolean;
}

/** The jail's interface, with its addresses and routes. */
export interface NetworkArgs {
  readonly jail: string;
  /** Whose links they are: the first word of their alias, and all there is to that of a bridge. ip-link(8), alias. */
  readonly owner: string;
  readonly attachment: Attachment;
  /** The host's end. */
  readonly link: string;
  /** The jail's end, seen inside. */
  readonly peer: string;
  readonly linkMac: string;
  readonly peerMac: string;
  /** Bytes; null for that of the bridge or interface that it is on. */
  readonly mtu: number | null;
  readonly ip4: readonly JailAddress[];
  readonly ip6: readonly JailAddress[];
  /** Of the default routes, at most one for each family; none: the host. */
  readonly gateways: readonly string[];
  /** Absent: none. */
  readonly forwarding?: Forwarding;
}

/** How much may pass a jail's link, in bytes per second; null for any amount. */
export interface RateArgs {
  /** Whose network namespace the link is in. */
  readonly side: 'host' | 'jail';
  readonly link: string;
  /** The device that packets which come in on the link wait at; made with the limit and gone with it. */
  readonly queue: string;
  /** Says whose the device is, for people who look at it. */
  readonly mark: string;
  /** From the jail. */
  readonly egress: number | null;
  /** To the jail. */
  readonly ingress: number | null;
}

/** What of the packet filter is the jail's. */
export interface FirewallArgs {
  readonly jail: string;
  /** Where its packets come to the host: the host's end of its veth, or its bridge. */
  readonly link: string;
  /** It is a port of a bridge, and `link` that. */
  readonly bridged: boolean;
  /** The hardware address that it sends under. */
  readonly mac: string;
  readonly ip4: readonly string[];
  readonly ip6: readonly string[];
  readonly masquerades: readonly Masquerade[];
  readonly redirects: readonly Redirect[];
  readonly isolated: boolean;
}

/** Interfaces of the host that the jail has while it is there. */
export interface LendArgs {
  readonly interfaces: readonly string[];
  /** The name of the jail's network namespace: they are taken back from there, whoever has ended. */
  readonly netns: string;
  /** File that says what they were, for the jail may change them. */
  readonly note: string;
}

/** What an overlay needs beside the directory that takes what the jail writes. */
export interface OverlayArgs {
  /** "/jails/.web.jaild" */
  readonly directory: string;
  /** In it: for the kernel, and the rundir of the jail that uses it. */
  readonly work: string;
  readonly owner: string;
  readonly upper: string;
  readonly rundir: string;
}

/** A command of a jail's life, wherever it runs. */
interface CommandArgs {
  /** The parameter it comes from: `exec.prestart`, … */
  readonly phase: string;
  /** As written in the file. */
  readonly command: string;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Who runs it, where it runs, or null for root. */
  readonly user: string | null;
  /** Seconds, 0 for no limit. */
  readonly timeout: number;
}

/** A command on the host. */
export interface HookArgs extends CommandArgs {
  /** Not waited for (a single `&` at the end of the command). */
  readonly background: boolean;
}

/** A command inside a running jail, its output going to the jail's log. */
export type InsideArgs = CommandArgs;

/** One look, from inside the jail, at whether what it is for works. `timeout` is in seconds. */
export type Check =
  | ({ readonly kind: 'command' } & InsideArgs)
  /** A connection is made, and closed. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly timeout: number }
  /** GET, over HTTP/1.1: 200 to 399 is well. */
  | {
      readonly kind: 'http';
      readonly host: string;
      readonly port: number;
      readonly path: string;
      readonly timeout: number;
    };

/** Which devices the processes of a cgroup may use. */
export interface DeviceAccessArgs {
  /** 1: the controller `devices`; 2: a BPF program. */
  readonly version: 1 | 2;
  readonly cgroup: string;
  /** As devices.allow takes them: "c 1:3 rw". */
  readonly rules: readonly string[];
}

/** THE TABLE of steps: what may be done to the machine for a jail, and with what. */
export interface StepArgs {
  'hook.run': HookArgs;
  'rundir.create': { readonly path: string };
  'cgroup.create': { readonly paths: readonly string[] };
  'devices.limit': DeviceAccessArgs;
  'cgroup.set': { readonly parameter: string; readonly file: string; readonly value: string };
  'overlay.prepare': OverlayArgs;
  'jailer.spawn': { readonly rundir: string; readonly records: readonly LaunchRecord[] };
  'netns.name': { readonly path: string };
  'network.attach': NetworkArgs;
  'network.limit': RateArgs;
  'firewall.set': FirewallArgs;
  'interfaces.lend': LendArgs;
  /** Lets the jailer build the inside; what comes of it arrives as events (`running`, `exited`). */
  'jailer.go': Readonly<Record<string, never>>;
  'jail.exec': InsideArgs;
}

export type StepName = keyof StepArgs;
/** Any one step, as data: `jailctl plan` prints it, tests compare it, the executor does it. */
export type Step = { readonly [K in StepName]: { readonly name: K; readonly args: StepArgs[K] } }[StepName];
export type StepOf<K extends StepName> = Extract<Step, { readonly name: K }>;

/**
 * Everything that will be done for one jail, as data. `prepare` is undone backwards when it fails and when the jail
 * is over; hooks have no undo (jail(8)). The names are those of the phases in which the supervisor does them.
 */
export interface JailPlan {
  /** exec.prepare, cgroup, exec.prestart, jailer, network, exec.created. */
  readonly prepare: readonly Step[];
  /** Lets the jailer go on: mounts, exec.start, command. */
  readonly begin: readonly Step[];
  readonly poststart: readonly Step[];
  /** exec.prestop on the host, then exec.stop inside. A failure abandons the stop (jail(8)). */
  readonly stop: readonly Step[];
  /** exec.poststop; after it `prepare` is undone. */
  readonly poststop: readonly Step[];
  readonly release: readonly Step[];
  /** All that has to pass for it to be well. Absent: nothing is looked at. */
  readonly checks?: readonly Check[];
  /** Seconds: from `begin` until it is ready; from SIGTERM until SIGKILL. */
  readonly startTimeout: number;
  readonly stopTimeout: number;
  /** Directories of the jail's cgroups, one per hierarchy, the v2 one first. */
  readonly cgroups: readonly string[];
  /** Where output goes, or null. */
  readonly log: string | null;
}
