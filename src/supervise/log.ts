/** Where those who decide say what they decided. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** A log whose lines name the jail. */
  child(jail: string): Log;
}
