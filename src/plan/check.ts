import type { Jail } from '../config/jail.js';
import { systemJailUser } from './account.js';
import { commandArgv } from './command.js';
import type { HostFacts } from './facts.js';
import { insideEnvironment } from './launch.js';
import type { Check, Step } from './step.js';

/** Seconds. */
const TIMEOUT = 5;
const HTTP_PORT = 80;
const LOOPBACK = '127.0.0.1';

/** All that has to pass for the jail to be well; none when nobody asked for any. */
export function healthChecks(jail: Jail, facts: HostFacts, prepare: readonly Step[]): readonly Check[] {
  const { values } = jail;
  const timeout = values['health.timeout'] ?? TIMEOUT;
  const tcp = values['health.tcp'];
  const http = values['health.http'];
  const own = ownAddress(prepare);
  return [
    ...commandCheck(jail, facts, timeout),
    ...(tcp === undefined ? [] : [{ kind: 'tcp', host: tcp.host ?? own, port: tcp.port, timeout } as const]),
    ...(http === undefined ? [] : [{ kind: 'http', ...httpPlace(http, own), timeout } as const]),
  ];
}

function commandCheck(jail: Jail, facts: HostFacts, timeout: number): readonly Check[] {
  const text = jail.values['health.command'];
  const command = text === undefined ? null : commandArgv(text);
  if (text === undefined || command === null) return [];
  const user = systemJailUser(jail) === null ? (jail.values['exec.jail_user'] ?? null) : null;
  const environment = insideEnvironment(jail, facts, null);
  return [
    {
      kind: 'command',
      phase: 'health.command',
      command: text,
      argv: command.argv,
      environment,
      user,
      timeout,
    },
  ];
}

/** The first address that the jail has to itself; a jail on the network of the host is looked for on the loopback. */
function ownAddress(prepare: readonly Step[]): string {
  const attach = prepare.find((step) => step.name === 'network.attach');
  if (attach === undefined) return LOOPBACK;
  return [...attach.args.ip4, ...attach.args.ip6][0]?.address ?? LOOPBACK;
}

/** "/path", ":PORT/path" or a whole address; what was checked when the file was read is not checked again. */
function httpPlace(text: string, own: string): { host: string; port: number; path: string } {
  const [, port, path] = /^(?::(\d+))?(\/.*)$/.exec(text) ?? [];
  if (path !== undefined) return { host: own, port: Number(port ?? HTTP_PORT), path };
  const url = new URL(text);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? HTTP_PORT : Number(url.port),
    path: `${url.pathname}${url.search}`,
  };
}
