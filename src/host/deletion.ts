import { randomInt } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { deleteGroup, deleteLink, setGroup, type Link } from './netlink-link.js';
import type { Request } from './netlink-message.js';
import { NetlinkSocket } from './netlink.js';
import { hasSysctl } from './sysctl.js';

/* Links are deleted together: the kernel waits about 20 ms for all its processors, for one as for two hundred. */

type Doomed = Pick<Link, 'index' | 'name'>;

interface Deletion {
  readonly link: Doomed;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** As many answers fit into a socket. */
const MOST = 100;

let waiting: Deletion[] = [];
let isDeleting = false;

/**
 * Deletes a link while this thread goes on; resolves when its name is free, which is long before the kernel is done. One
 * that is gone already is fine. Rejects with SystemError.
 * @param link with the index 0 that of the name
 */
export function deleteElsewhere(link: Doomed): Promise<void> {
  return new Promise((done, failed) => {
    waiting.push({ link, done, failed });
    void work();
  });
}

async function work(): Promise<void> {
  if (isDeleting) return;
  isDeleting = true;
  while (waiting.length > 0) {
    const now = waiting.slice(0, MOST);
    waiting = waiting.slice(MOST);
    await deleteTogether(now);
  }
  isDeleting = false;
}

/** One that the kernel refuses does not keep the others: they are then deleted one by one. */
async function deleteTogether(deletions: readonly Deletion[]): Promise<void> {
  try {
    await deleteAll(deletions);
  } catch (error) {
    const [only, ...more] = deletions;
    if (more.length > 0) for (const one of deletions) await deleteTogether([one]);
    else only?.failed(error);
  }
}

async function deleteAll(deletions: readonly Deletion[]): Promise<void> {
  const host = new NetlinkSocket();
  let isOver = false;
  const deleted = host.requestElsewhere(requests(deletions.map(({ link }) => link))).finally(() => {
    isOver = true;
    host.close();
  });
  deleted.catch(() => undefined); // it is heard below
  // The lock that netlink wants is taken meanwhile: to ask it would stop this thread.
  const isThere = ({ link }: Deletion): boolean => hasSysctl(`ipv4/conf/${link.name}`);
  while (!isOver && deletions.some(isThere)) await wait(1);
  if (!isOver) for (const { done } of deletions) done();
  await deleted;
  for (const { done } of deletions) done();
}

/** All at once go by the number of a group that nobody else can have given a link. ip-link(8), group. */
function requests(links: readonly Doomed[]): readonly Request[] {
  const [first, ...more] = links;
  if (first === undefined) return [];
  if (more.length === 0) return [deleteLink(first)];
  const group = randomInt(2 ** 20, 2 ** 32);
  return [...links.map((link) => setGroup(link, group)), deleteGroup(group)];
}
