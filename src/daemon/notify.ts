import { constants } from 'node:os';
import { SystemError } from '../host/error.js';

/** What the service manager is told of jaild (sd_notify(3)). Without one, nobody is told. */
export interface Notifier {
  /** Jails are taken back and the socket answers. */
  ready(): void;
  /** @param monotonic milliseconds of CLOCK_MONOTONIC, which systemd needs to tell this reload from others */
  reloading(monotonic: number): void;
  stopping(): void;
  /** It is alive. */
  beat(): void;
  /** A line for `systemctl status`. */
  status(line: string): void;
}

/** Milliseconds after which one who took no message is told again. */
const RETRY_MS = 200;

/** What a message is of: STATUS, READY. */
const kindOf = (text: string): string => text.slice(0, text.indexOf('='));

const isBusy = (error: unknown): boolean =>
  error instanceof SystemError && error.errno === constants.errno.EAGAIN;

/**
 * A service manager that does not listen keeps nobody waiting: it is told later, of each kind the last.
 *
 * @param socket NOTIFY_SOCKET of the environment, or undefined
 * @param send sends a datagram; throws SystemError, EAGAIN where there is no room for it
 * @param complain is told when it cannot be sent, which is survived
 */
export function makeNotifier(
  socket: string | undefined,
  send: (path: string, text: string) => void,
  complain: (message: string) => void,
  retryMs = RETRY_MS,
): Notifier {
  let untold: readonly string[] = [];
  let retry: NodeJS.Timeout | undefined;
  const deliver = (path: string): void => {
    clearTimeout(retry);
    for (const text of untold) {
      try {
        send(path, text);
      } catch (error) {
        if (isBusy(error)) {
          retry = setTimeout(() => deliver(path), retryMs).unref();
          return;
        }
        complain(`cannot tell the service manager, going on: ${String(error)}`);
      }
      untold = untold.slice(1);
    }
  };
  const tell = (text: string): void => {
    if (socket === undefined || socket === '') return;
    untold = [...untold.filter((one) => kindOf(one) !== kindOf(text)), text];
    deliver(socket);
  };
  return {
    ready: () => tell('READY=1'),
    reloading: (monotonic) => tell(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(monotonic * 1000)}`),
    stopping: () => tell('STOPPING=1'),
    beat: () => tell('WATCHDOG=1'),
    status: (line) => tell(`STATUS=${line.replaceAll('\n', ' ')}`),
  };
}
