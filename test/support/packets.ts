import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestInstance } from './instance.js';
import { installProgram } from './probe.js';

/** The port of every server of these tests. */
export const PORT = 7;

/** How a jail serves everybody who asks: its command. */
export const SERVE = `/bin/packets serve ${PORT}`;

/** Compiles packets.c into the root that jails of the instance share. */
export function installPackets({ root }: TestInstance): void {
  installProgram(root, 'packets');
}

/** Waits until the servers of jails that were started listen. */
export async function untilServing(instance: TestInstance, jails: readonly string[]): Promise<void> {
  const listens = (pid: number | null): boolean => / 0A /.test(readFileSync(`/proc/${pid}/net/tcp6`, 'utf8')); // TCP_LISTEN
  for (const jail of jails) await instance.until(`${jail} serves`, () => listens(instance.status(jail).pid));
}

/** Runs words somewhere on a test's network and gives what was said. */
export type Place = (...argv: readonly string[]) => string;

/** The jail, as its root. */
export function inside(instance: TestInstance, jail: string): Place {
  return (...argv) => {
    const { stdout, stderr } = instance.ctl('exec', jail, '--', ...argv);
    return (stdout || stderr).trim();
  };
}

/** The host on which jaild runs; its packets program is that of the jails. */
export function onHost(instance: TestInstance): Place {
  return (file = '', ...argv) => {
    const { stdout, stderr } = instance.onHost(onDisk(instance, file), ...argv);
    return (stdout || stderr).trim();
  };
}

/** A server on that host, until it is ended. */
export async function serveOnHost(instance: TestInstance): Promise<() => void> {
  const [file = '', ...words] = instance.wordsOnHost(onDisk(instance, '/bin/packets'), 'serve', String(PORT));
  const server = spawn(file, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return () => server.kill('SIGKILL');
}

/** Where a program of the jails is, for those outside. */
export function onDisk({ root }: TestInstance, file: string): string {
  return file.startsWith('/bin/') ? join(root, file) : file;
}

/** The address that the server sees, after `bytes` have gone there and back; else the name of the error. */
export function tcp(from: Place, address: string, bytes = 100, port = PORT): string {
  return from('/bin/packets', 'tcp', address, String(port), String(bytes));
}

/** "back", when a datagram that nobody may cut has come back; else the name of the error, with the path's MTU. */
export function udp(from: Place, address: string, bytes = 100, port = PORT): string {
  return from('/bin/packets', 'udp', address, String(port), String(bytes));
}

/** How many of two pings were answered. */
export function ping(from: Place, address: string, bytes = 56): number {
  const family = address.includes(':') ? '-6' : '-4';
  const options = [family, '-c', '2', '-i', '0.2', '-W', '5', '-s', String(bytes)];
  return Number(/(\d+) packets received/.exec(from('/bin/busybox', 'ping', ...options, address))?.[1]);
}
