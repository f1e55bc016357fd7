import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Apart } from '../support/apart.js';

/** Where Debian's containernetworking-plugins are. */
const PLUGINS = '/usr/lib/cni';
const BRIDGE = join(PLUGINS, 'bridge');

/** Whether this host has the plugins. */
export const hasCni = (): boolean => existsSync(BRIDGE);

/**
 * Network namespaces on a bridge that the CNI plugin `bridge` makes, with addresses by `host-local`, in a network
 * namespace of their own instead of the host's. CNI specification 1.0; the plugins' own manuals.
 */
export class CniBridge {
  readonly #configuration: string;
  readonly #names = new Set<string>();

  /** @param directory for the configuration and the addresses that are given out */
  constructor(
    private readonly host: Apart,
    directory: string,
  ) {
    this.#configuration = join(directory, 'bridge.json');
    const subnet = (text: string): readonly object[] => [{ subnet: text }];
    const content = {
      cniVersion: '1.0.0',
      name: 'jaild-bench',
      type: 'bridge',
      bridge: 'cni77',
      isGateway: true,
      ipam: {
        type: 'host-local',
        dataDir: join(directory, 'addresses'),
        ranges: [subnet('10.99.0.0/24'), subnet('fd99::/64')],
        routes: [{ dst: '0.0.0.0/0' }, { dst: '::/0' }],
      },
    };
    writeFileSync(this.#configuration, JSON.stringify(content));
  }

  /** Where the namespace of that name is found. */
  path(name: string): string {
    return `/run/netns/${name}`;
  }

  /** The words for sh(1) that make the namespace and add it to the bridge. */
  add(name: string): string {
    this.#names.add(name);
    return `ip netns add ${name} && ${this.#call('ADD', name)}`;
  }

  /** Takes it away. */
  delete(name: string): void {
    if (!this.#names.delete(name)) return;
    this.host.run('sh', '-c', `${this.#call('DEL', name)}; ip netns delete ${name}`);
  }

  /** Adds a namespace and gives its IPv4 address. */
  join(name: string): string {
    this.host.run('sh', '-c', this.add(name));
    const shown = this.host.run('ip', '-n', name, '-o', '-4', 'addr', 'show', 'dev', 'eth0');
    return /inet ([\d.]+)/.exec(shown)?.[1] ?? '';
  }

  close(): void {
    for (const name of this.#names) this.delete(name);
    rmSync(this.#configuration);
  }

  #call(command: 'ADD' | 'DEL', name: string): string {
    const variables = `CNI_COMMAND=${command} CNI_CONTAINERID=${name} CNI_NETNS=${this.path(name)} CNI_IFNAME=eth0`;
    return `${variables} CNI_PATH=${PLUGINS} ${BRIDGE} <${this.#configuration} >/dev/null`;
  }
}
