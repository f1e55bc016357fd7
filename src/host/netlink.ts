import { constants } from 'node:os';
import { SystemError } from './error.js';
import { closeFd } from './libc/descriptors.js';
import {
  netlinkOptions,
  netlinkReceive,
  netlinkSend,
  netlinkSendElsewhere,
  netlinkSocket,
} from './libc/sockets.js';
import { NLMSG_DONE, NLMSG_ERROR, decodeMessages, decodeVerdict, encodeRequests } from './netlink-message.js';
import type { Message, Request, Verdict } from './netlink-message.js';

/** Bytes; the kernel's own dumps come in datagrams of at most 32 KiB. */
const DATAGRAM = 65_536;
const datagram = Buffer.alloc(DATAGRAM);

/** How many may be on other threads at a time: there are four threads, and koffi has room for 256 calls. */
const ELSEWHERE = 64;
let elsewhere = 0;
const waiting: (() => void)[] = [];

/** Calls `act` as soon as it is its turn. */
async function inTurn(act: () => Promise<void>): Promise<void> {
  if (elsewhere >= ELSEWHERE) await new Promise<void>((resolve) => waiting.push(resolve));
  else elsewhere++;
  try {
    await act();
  } finally {
    // Whoever is next takes this one's place.
    const next = waiting.shift();
    if (next === undefined) elsewhere--;
    else next();
  }
}

/** A socket to ask the kernel about the network namespace that it was made in. */
export class NetlinkSocket {
  readonly #fd: number;
  #sequence = 1;

  /** Takes over `fd`, a netlink socket of any network namespace. Throws SystemError. */
  constructor(fd: number = netlinkSocket()) {
    this.#fd = fd;
    try {
      netlinkOptions(fd);
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  close(): void {
    closeFd(this.#fd);
  }

  /**
   * Has all requests done in one go and returns the bodies of the answers, request by request. A dump goes alone.
   * Throws SystemError for the first request that failed, with the kernel's words as hint; those behind it have
   * nevertheless been tried. rtnetlink has answered by the time that send returns, so nothing here waits.
   */
  request(requests: readonly Request[]): readonly (readonly Buffer[])[] {
    const first = this.#number(requests);
    netlinkSend(this.#fd, encodeRequests(requests, first));
    return this.#answers(requests, first);
  }

  /** request() on another thread, for what keeps the kernel busy for long: deleting a link takes it 20 ms. */
  async requestElsewhere(requests: readonly Request[]): Promise<readonly (readonly Buffer[])[]> {
    const first = this.#number(requests);
    await inTurn(() => netlinkSendElsewhere(this.#fd, encodeRequests(requests, first)));
    return this.#answers(requests, first);
  }

  /** Reserves the sequence numbers of the requests. */
  #number(requests: readonly Request[]): number {
    const first = this.#sequence;
    this.#sequence += requests.length;
    return first;
  }

  #answers(requests: readonly Request[], first: number): readonly (readonly Buffer[])[] {
    const answers: Buffer[][] = requests.map(() => []);
    const verdicts = this.#receive(first, requests, answers);
    requests.forEach((request, index) => throwVerdict(request, verdicts.get(index)));
    return answers;
  }

  /** Collects answers and verdicts until the last request has had its verdict. */
  #receive(
    first: number,
    requests: readonly Request[],
    answers: readonly Buffer[][],
  ): ReadonlyMap<number, Verdict> {
    const verdicts = new Map<number, Verdict>();
    while (!verdicts.has(requests.length - 1)) {
      for (const { type, sequence, body } of this.#messages()) {
        const index = sequence - first;
        if (type === NLMSG_ERROR) verdicts.set(index, decodeVerdict(body));
        else if (type === NLMSG_DONE) verdicts.set(index, { errno: 0, words: null });
        else keep(answers[index], body, requests[index]?.most);
      }
    }
    return verdicts;
  }

  #messages(): readonly Message[] {
    const size = netlinkReceive(this.#fd, datagram);
    if (size === null) throw new SystemError('netlink', constants.errno.EPROTO, 'no answer from the kernel');
    return decodeMessages(datagram.subarray(0, size));
  }
}

/** The datagram's memory is used again. */
function keep(answers: Buffer[] | undefined, body: Buffer, most = Infinity): void {
  if (answers !== undefined && answers.length < most) answers.push(Buffer.from(body));
}

function throwVerdict({ step, subject, tolerates }: Request, verdict: Verdict | undefined): void {
  if (verdict === undefined || verdict.errno === 0 || tolerates?.includes(verdict.errno)) return;
  const hint = verdict.words === null ? undefined : `the kernel says: ${verdict.words}`;
  throw new SystemError(`netlink ${step}`, verdict.errno, subject, hint);
}

/** Calls `use` with a socket that is closed afterwards; made from `fd`, else in this process's network namespace. */
export function withNetlink<T>(use: (socket: NetlinkSocket) => T, fd?: number): T {
  const socket = new NetlinkSocket(fd);
  try {
    return use(socket);
  } finally {
    socket.close();
  }
}
