import { closeSync, existsSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SystemError } from './error.js';
import { bindMount, detachMount } from './libc/files.js';

/**
 * Puts a jail's network namespace under a name, where `ip netns` looks for it (ip-netns(8)): a bind mount of the
 * namespace's file, which also keeps the namespace alive.
 * @param pid a process of the jail, as the host numbers it
 * @throws SystemError
 */
export function nameNetworkNamespace(path: string, pid: number): void {
  unnameNetworkNamespace(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  closeSync(openSync(path, 'wx', 0o444));
  try {
    bindMount(`/proc/${pid}/ns/net`, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** Takes the name away again; one that is not there is fine. */
export function unnameNetworkNamespace(path: string): void {
  if (!existsSync(path)) return;
  try {
    detachMount(path);
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    // Not a mount point: nothing to take away.
  }
  rmSync(path, { force: true });
}
