import { watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';

/** inotify may be out of watches, or a directory on a file system without it: all are looked at this often anyway, in ms. */
const LOOK_EVERY_MS = 500;
/** What a look costs for each log: with many they are further apart. */
const LOOK_EACH_MS = 5;

/** Tells when logs may have changed: one watch for each directory, however many logs are in it. */
export class LogWatch {
  private readonly changed = new Set<string>();
  private readonly watchers: readonly FSWatcher[];
  private readonly timer: NodeJS.Timeout;
  private wake: () => void = () => undefined;

  /** @param paths those of the files being written @param signal ends all waiting */
  constructor(
    paths: readonly string[],
    private readonly signal: AbortSignal,
  ) {
    const directories = [...new Set(paths.map((path) => dirname(path)))];
    this.watchers = directories.flatMap((directory) => {
      const files = paths.filter((path) => dirname(path) === directory);
      const byName = new Map(files.map((path) => [basename(path), path]));
      return watchDirectory(directory, (name) => {
        const path = name === null ? undefined : byName.get(name);
        if (path !== undefined) this.note([path]);
        else if (name === null) this.note(files);
      });
    });
    const every = Math.max(LOOK_EVERY_MS, LOOK_EACH_MS * paths.length);
    this.timer = setInterval(() => this.note(paths), every);
    signal.addEventListener('abort', this.stir);
  }

  private readonly stir = (): void => this.wake();

  private note(paths: readonly string[]): void {
    for (const path of paths) this.changed.add(path);
    this.wake();
  }

  /** Resolves with those that may have changed since the call before; with none when the signal has come. */
  async next(): Promise<readonly string[]> {
    if (this.changed.size === 0 && !this.signal.aborted)
      await new Promise<void>((resolve) => (this.wake = resolve));
    const paths = [...this.changed];
    this.changed.clear();
    return this.signal.aborted ? [] : paths;
  }

  close(): void {
    clearInterval(this.timer);
    this.signal.removeEventListener('abort', this.stir);
    for (const watcher of this.watchers) watcher.close();
  }
}

function watchDirectory(directory: string, listener: (file: string | null) => void): readonly FSWatcher[] {
  try {
    const watcher = watch(directory, (_, file) => listener(file));
    watcher.on('error', () => watcher.close()); // The timer goes on.
    return [watcher];
  } catch {
    return [];
  }
}
