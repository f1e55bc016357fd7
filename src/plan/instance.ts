import { createHash } from 'node:crypto';

/** Where one jaild keeps its things, and the names that it gives to host-wide things (design: files and instances). */
export interface Instance {
  /** Absolute directory under which everything lies; '' for the host's own instance. */
  readonly prefix: string;
  /** '' for the host's own instance, else 8 hex digits that make host-wide names of this instance its own. */
  readonly key: string;
  readonly jailConf: string;
  readonly jailConfDirectory: string;
  /** Rules of rctl.conf(5) for all jails. */
  readonly ruleFile: string;
  readonly settingsFile: string;
  readonly runDirectory: string;
  readonly stateDirectory: string;
  readonly logDirectory: string;
  readonly socket: string;
  /** Name of the directory that holds the jails' cgroups in each hierarchy. */
  readonly cgroupName: string;
}

/** The instance below `prefix`, an absolute path without a slash at its end, or '' for the host's own. */
export function instanceBelow(prefix: string): Instance {
  const key = prefix === '' ? '' : createHash('sha256').update(prefix).digest('hex').slice(0, 8);
  const runDirectory = `${prefix}/run/jaild`;
  return {
    prefix,
    key,
    jailConf: `${prefix}/etc/jail.conf`,
    jailConfDirectory: `${prefix}/etc/jail.conf.d`,
    ruleFile: `${prefix}/etc/rctl.conf`,
    settingsFile: `${prefix}/etc/jaild.ini`,
    runDirectory,
    stateDirectory: `${prefix}/var/lib/jaild`,
    logDirectory: `${prefix}/var/log/jaild`,
    socket: `${runDirectory}/jaild.sock`,
    cgroupName: key === '' ? 'jaild' : `jaild-${key}`,
  };
}

/** The name of a jail's network namespace, as `ip netns` shows it. */
export function netnsName(instance: Instance, jail: string): string {
  return instance.key === '' ? jail : `${jail}.${instance.key}`;
}

/** Whether a link is named as those that jails come and go with: the ends of their veths, and the queues beside them. */
export const isLinkOfAJail = (name: string): boolean => /^j[lq][0-9a-f]{12}$/.test(name);

/** The name of the host's end of a jail's veth: at most 15 bytes (IFNAMSIZ), the same at every start. */
export function linkName(instance: Instance, jail: string): string {
  const digest = createHash('sha256').update(`${instance.prefix}\0${jail}`).digest('hex');
  return `jl${digest.slice(0, 12)}`;
}
