import type { Writable } from 'node:stream';
import winston from 'winston';
import { visibleMessage } from '../config/visible.js';
import type { Log } from '../supervise/log.js';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFormat = 'human' | 'json';

export interface LogOptions {
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Where lines go: jaild's stderr. */
  readonly stream: Writable;
  readonly colour: boolean;
  /** The journal of systemd puts times to lines itself. */
  readonly timestamps: boolean;
}

const COLOURS: Readonly<Record<string, string>> = { error: '1;31', warn: '1;33', debug: '2' };

/** jaild's own log. */
export function makeLog(options: LogOptions): Log {
  const { combine, timestamp, json, printf } = winston.format;
  const human = printf(({ level, message, jail, timestamp: at }) => {
    const words = `${typeof jail === 'string' ? `${jail}: ` : ''}${visibleMessage(String(message))}`;
    const mark = level === 'info' ? '' : `${level}: `;
    return `${options.timestamps ? `${String(at)} ` : ''}${paint(options, level, mark)}${words}`;
  });
  const logger = winston.createLogger({
    level: options.level,
    format: combine(timestamp(), options.format === 'json' ? json() : human),
    transports: [new winston.transports.Stream({ stream: options.stream })],
  });
  return logOf(logger, options.level === 'debug');
}

function paint({ colour }: LogOptions, level: string, text: string): string {
  const code = COLOURS[level];
  return colour && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
}

/** @param tellsAll whether the debug log is written: asked at each step of a jail, and winston takes its time for the answer */
function logOf(logger: winston.Logger, tellsAll: boolean): Log {
  return {
    debug: (message) => {
      if (tellsAll) logger.debug(typeof message === 'string' ? message : message());
    },
    info: (message) => void logger.info(message),
    warn: (message) => void logger.warn(message),
    error: (message) => void logger.error(message),
    child: (jail) => logOf(logger.child({ jail }), tellsAll),
  };
}
