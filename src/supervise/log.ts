/** Where those who decide say what they decided. */
export interface Log {
  /** Takes a function too, called only where it is heard: what is costly to say, and said often. */
  debug(message: string | (() => string)): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** A log whose lines name the jail. */
  child(jail: string): Log;
}
