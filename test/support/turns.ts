import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { flockExclusive } from '../../src/host/libc/descriptors.js';

const LOCK = '/run/jaild-tests.lock';

/**
 * Has a suite wait for others that use up what the kernel counts for all that root began, in whatever namespace
 * (message queues, signals, watches of inotify: user_namespaces(7)). To be called first in it.
 */
export function takeTurns(): void {
  let lock = -1;
  before(async function () {
    this.timeout(0);
    lock = openSync(LOCK, 'a', 0o600);
    while (!flockExclusive(lock)) await sleep(50);
  });
  after(() => closeSync(lock));
}
