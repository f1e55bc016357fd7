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

/**
 * @param socket NOTIFY_SOCKET of the environment, or undefined
 * @param send sends a datagram; throws SystemError
 * @param complain is told when it cannot be sent, which is survived
 */
export function makeNotifier(
  socket: string | undefined,
  send: (path: string, text: string) => void,
  complain: (message: string) => void,
): Notifier {
  const tell = (text: string): void => {
    if (socket === undefined || socket === '') return;
    try {
      send(socket, text);
    } catch (error) {
      complain(`cannot tell the service manager, going on: ${String(error)}`);
    }
  };
  return {
    ready: () => tell('READY=1'),
    reloading: (monotonic) => tell(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(monotonic * 1000)}`),
    stopping: () => tell('STOPPING=1'),
    beat: () => tell('WATCHDOG=1'),
    status: (line) => tell(`STATUS=${line.replaceAll('\n', ' ')}`),
  };
}
