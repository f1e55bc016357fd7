/**
 * How long the service manager waits for a sign of life, in milliseconds; null when it does not, or waits for another
 * process. sd_watchdog_enabled(3).
 */
export function watchdogMs(environment: Readonly<NodeJS.ProcessEnv>, pid: number): number | null {
  const { WATCHDOG_USEC: microseconds = '', WATCHDOG_PID: of = '' } = environment;
  if (!/^[1-9]\d{0,15}$/.test(microseconds) || (of !== '' && Number(of) !== pid)) return null;
  return Number(microseconds) / 1000;
}

export interface WatchdogOptions {
  /** Within which a sign of life is due. */
  readonly withinMs: number;
  /** Resolves when jaild has done what it is there for; rejects when it cannot. */
  readonly prove: (timeoutMs: number) => Promise<void>;
  readonly beat: () => void;
  readonly complain: (message: string) => void;
}

/** Gives a sign of life twice as often as it is due, each time that it was proved, and none otherwise. @returns what ends it */
export function beginWatchdog({ withinMs, prove, beat, complain }: WatchdogOptions): () => void {
  const every = withinMs / 2;
  let isUnderWay = false;
  const look = async (): Promise<void> => {
    if (isUnderWay) return;
    isUnderWay = true;
    try {
      await prove(every);
      beat();
    } catch (error) {
      complain(`no sign of life is given: ${String(error)}`);
    } finally {
      isUnderWay = false;
    }
  };
  void look();
  const timer = setInterval(() => void look(), every);
  return () => clearInterval(timer);
}
