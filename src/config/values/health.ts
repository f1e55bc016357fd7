import { bad, good, scalarType, type ValueType } from './type.js';

export interface TcpTarget {
  /** null: the jail's own first address. */
  readonly host: string | null;
  readonly port: number;
}

/** "PORT" or "HOST:PORT" or "[IPV6]:PORT". */
export const tcpTarget: ValueType<TcpTarget> = scalarType('[HOST:]PORT', (text) => {
  const [, bracketed, host, port] = /^(?:(?:\[([0-9a-f:.]+)\]|([^:\s]+)):)?(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined || Number(port) < 1 || Number(port) > 65535)
    return bad(`"${text}" is not a TCP port`, 'write PORT or HOST:PORT');
  return good({ host: bracketed ?? host ?? null, port: Number(port) });
});

/** An http: address; "/path" and ":8080/path" are on the jail's own address. */
export const httpTarget: ValueType<string> = scalarType('http URL', (text) => {
  const short = /^(?::(\d{1,5}))?(\/\S*)$/.exec(text);
  if (short !== null) return Number(short[1] ?? 80) <= 65535 ? good(text) : bad(`"${text}" has no such port`);
  if (URL.canParse(text) && new URL(text).protocol === 'http:') return good(text);
  return bad(`"${text}" is not an http address`, 'write /PATH, :PORT/PATH or http://HOST:PORT/PATH');
});
