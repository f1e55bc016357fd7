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
  const format = combine(timestamp(), options.format === 'json' ? json() : human);
  return logOf(writerOf(options, (info) => format.transform(info)));
}

type Write = (level: LogLevel, message: string | (() => string), jail: string | undefined) => void;
type Info = winston.Logform.TransformableInfo;

const { levels } = winston.config.npm;
/** What winston's formats take from and leave in what they are given. */
const [LEVEL, MESSAGE] = [Symbol.for('level'), Symbol.for('message')];

/** By winston's formats alone: its streams take longer for a line than all else that jaild does for it, while a jail waits. */
function writerOf({ level: least, stream }: LogOptions, format: (info: Info) => Info | boolean): Write {
  const most = levels[least] ?? 0;
  return (level, message, jail) => {
    if ((levels[level] ?? 0) > most) return;
    const text = typeof message === 'string' ? message : message();
    const info = format({ level, message: text, [LEVEL]: level, ...(jail !== undefined && { jail }) });
    if (typeof info === 'object') stream.write(`${String(info[MESSAGE])}\n`);
  };
}

function paint({ colour }: LogOptions, level: string, text: string): string {
  const code = COLOURS[level];
  return colour && code !== undefined ? `\u001b[${code}m${text}\u001b[0m` : text;
}

function logOf(write: Write, jail?: string): Log {
  return {
    debug: (message) => write('debug', message, jail),
    info: (message) => write('info', message, jail),
    warn: (message) => write('warn', message, jail),
    error: (message) => write('error', message, jail),
    child: (name) => logOf(write, name),
  };
}
