import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemError } from '../host/error.js';
import { duplicate } from '../host/libc/descriptors.js';
import { findGroup, rightOf, type Credentials } from './access.js';
import { Complaints, type Log } from './complaints.js';
import { Connection, type Dispatch } from './connection.js';
import { Door, type Places } from './door.js';
import { errorText } from './failure.js';
import { encodeFrame, encodeText } from './frames.js';

export interface ControlOptions {
  /** Path of the socket. */
  readonly socket: string;
  /** Name of the group whose members may use it; one that /etc/group lacks leaves it to root. */
  readonly group: string;
  readonly dispatch: Dispatch;
  readonly log: Log;
  /** Who is at the other end of a connection's descriptor. Throws SystemError. */
  readonly credentials: (fd: number) => Credentials;
  readonly requestTimeoutMs?: number;
  readonly places?: Places;
  readonly lookMs?: number;
  /** The file of groups, /etc/group. */
  readonly groupFile?: string;
  /** The descriptor of the socket, where an earlier jaild of this process listens already. */
  readonly inherited?: number;
}

export interface ControlServer {
  /** Ends listening and every connection, and removes the socket. */
  close(): Promise<void>;
  /** Resolves when nobody waits for an answer, at the latest after `ms` milliseconds; who follows something does not. */
  untilQuiet(ms: number): Promise<void>;
  /**
   * Takes nobody in any more: who calls waits for whoever listens on this descriptor next. Throws SystemError, and Error
   * when it does not listen.
   */
  suspend(): number;
  /** Listens again on what `suspend` has returned. */
  resume(descriptor: number): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** Milliseconds between looks whether the socket still has its name. */
const LOOK_MS = 2000;
const QUIET_LOOK_MS = 5;

/**
 * Listens on the control socket and answers each connection by `dispatch`. A socket file of an earlier jaild is
 * replaced in one step: whoever calls reaches the old one or the new one. Rejects with SystemError.
 */
export async function serveControl(options: ControlOptions): Promise<ControlServer> {
  const group = groupOf(options);
  const open = new Set<Socket>();
  const awaited = new Set<Socket>();
  const reception: Reception = {
    ...options,
    group,
    awaited,
    door: new Door(options.places),
    complaints: new Complaints(options.log),
  };
  const makeServer = (fd?: number): Promise<Server> => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      for (const set of [open, awaited]) {
        set.add(socket);
        socket.on('close', () => set.delete(socket));
      }
      receive(socket, reception);
    });
    return fd === undefined ? listen(server, options, group) : listenOn(server, fd, options);
  };
  const listener = new Listener(options, makeServer);
  await listener.begin(options.inherited);
  return {
    close: () => {
      const ended = listener.end();
      for (const socket of open) socket.destroy();
      reception.complaints.settle();
      return ended;
    },
    untilQuiet: async (ms) => {
      for (const until = Date.now() + ms; awaited.size > 0 && Date.now() < until;) await sleep(QUIET_LOOK_MS);
    },
    suspend: () => listener.suspend(),
    resume: (descriptor) => listener.begin(descriptor),
  };
}

/** What each connection is received with. */
interface Reception extends Omit<ControlOptions, 'group'> {
  /** Id of the group that may use the socket. */
  readonly group: number | null;
  /** Who waits for an answer. */
  readonly awaited: Set<Socket>;
  readonly door: Door;
  readonly complaints: Complaints;
}

/** Keeps a server under the name of the socket: whoever cleans up /run must not make jaild unreachable. */
class Listener {
  private server: Server | null = null;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly options: ControlOptions,
    private readonly makeServer: (inherited?: number) => Promise<Server>,
  ) {}

  /** Rejects with SystemError. */
  async begin(inherited?: number): Promise<void> {
    this.server = await this.makeServer(inherited);
    this.timer = setInterval(() => void this.look(), this.options.lookMs ?? LOOK_MS).unref();
  }

  suspend(): number {
    const descriptor = duplicate(descriptorOf(this.server));
    clearInterval(this.timer);
    this.server?.close();
    this.server = null;
    return descriptor;
  }

  end(): Promise<void> {
    clearInterval(this.timer);
    rmSync(this.options.socket, { force: true });
    return new Promise((resolve) => (this.server === null ? resolve() : this.server.close(() => resolve())));
  }

  private async look(): Promise<void> {
    const { socket, log } = this.options;
    const { server } = this;
    if (server === null || existsSync(socket)) return;
    log('warn', `${socket} has gone, making it anew`);
    this.server = null;
    try {
      this.server = await this.makeServer();
      server.close();
    } catch (error) {
      this.server = server;
      log('error', `cannot make ${socket} anew: ${String(error)}`);
    }
  }
}

function groupOf(options: ControlOptions): number | null {
  const file = options.groupFile ?? '/etc/group';
  try {
    return findGroup(readFileSync(file, 'utf8'), options.group);
  } catch (error) {
    options.log('warn', `cannot read ${file}, ignoring: ${String(error)}`);
    return null;
  }
}

function receive(socket: Socket, reception: Reception): void {
  const { dispatch, log, credentials, group, awaited, door, complaints, requestTimeoutMs } = reception;
  try {
    const peer = credentials(descriptorOf(socket));
    if (!door.hasPlaceFor(peer.uid)) {
      complaints.about(peer.uid, `control: process ${peer.pid} of uid ${peer.uid}: too many connections`);
      turnAway(socket);
      return;
    }
    const connection = new Connection(socket, {
      dispatch,
      log,
      complaints,
      peer,
      right: rightOf(peer, group),
      requestTimeoutMs: requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      follows: () => awaited.delete(socket),
    });
    door.enter(connection);
    socket.on('close', () => door.leave(connection));
  } catch (error) {
    // The peer may be gone already, and whoever cannot be identified is not served.
    complaints.about(-1, `control: connection not served: ${String(error)}`);
    socket.destroy();
  }
}

function turnAway(socket: Socket): void {
  socket.on('error', () => socket.destroy());
  socket.write(encodeFrame('E', encodeText(errorText('jaild is busy: too many connections'))));
  socket.end(encodeFrame('X', Buffer.of(1)));
  socket.resume();
  setTimeout(() => socket.destroy(), 1000).unref();
}

function descriptorOf(socket: Socket | Server | null): number {
  // Node keeps the descriptor in a handle that its types do not show.
  const { _handle: handle } = (socket ?? {}) as { readonly _handle?: { readonly fd?: number } | null };
  if (handle?.fd === undefined || handle.fd < 0) throw new Error('the connection has no descriptor');
  return handle.fd;
}

/** Goes on listening: whoever has called meanwhile is answered now. */
async function listenOn(server: Server, fd: number, { log }: ControlOptions): Promise<Server> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ fd }, () => resolve());
  });
  server.removeAllListeners('error');
  server.on('error', (error) => log('error', `control: ${error.message}`));
  return server;
}

async function listen(server: Server, options: ControlOptions, group: number | null): Promise<Server> {
  const { socket: path, log } = options;
  // Made under another name and renamed when it has its owner and mode, so that nobody connects too early.
  const fresh = `${path}.new`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  isSocket(path);
  if (isSocket(fresh)) rmSync(fresh);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, path)));
    server.listen(fresh, () => resolve());
  });
  server.removeAllListeners('error');
  if (group !== null) chownSync(fresh, 0, group);
  chmodSync(fresh, group === null ? 0o600 : 0o660);
  renameSync(fresh, path);
  server.on('error', (error) => log('error', `control: ${error.message}`));
  return server;
}

function listenError(error: NodeJS.ErrnoException, path: string): SystemError {
  const hint = path.length > 100 ? 'a socket has at most 107 characters: choose a shorter prefix' : undefined;
  return new SystemError('listen', Math.abs(error.errno ?? 0), path, hint);
}

/** Whether a socket has this name. Throws when something else has it: that is somebody's, and would be lost. */
function isSocket(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) throw new Error(`${path} exists and is not a socket`);
  return found !== undefined;
}
