import { readPath } from '../config/values/scalar.js';
import { bad, good, scalarType, type Converted, type ValueType } from '../config/values/type.js';

/** Where to listen: a Unix socket, or a port of the host's own addresses. */
export type ListenAddress =
  { readonly path: string } | { readonly host: '127.0.0.1' | '::1'; readonly port: number };

const HINT = 'write 127.0.0.1:PORT, [::1]:PORT or the path of a socket';

function readAddress(text: string): Converted<ListenAddress> {
  if (text.startsWith('/')) {
    const path = readPath(text);
    return path.ok ? good({ path: path.value }) : path;
  }
  const [, host = '', port = ''] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (host === '') return bad(`"${text}" is no address to listen on`, HINT);
  const number = Number(port);
  if (number < 1 || number > 65_535) return bad(`${port} is no port`, 'a number from 1 to 65535');
  if (host === '127.0.0.1') return good({ host, port: number });
  if (host === '[::1]') return good({ host: '::1', port: number });
  return bad(
    `"${host}" can be reached by others: figures of all jails are for this host only`,
    `${HINT}; a proxy in front of it can ask others who they are`,
  );
}

/** Empty: nowhere. */
export const listenAddress: ValueType<ListenAddress | null> = scalarType('address', (text) =>
  text === '' ? good(null) : readAddress(text),
);

/** As it was written. */
export function addressText(address: ListenAddress): string {
  if ('path' in address) return address.path;
  return address.host === '::1' ? `[::1]:${address.port}` : `${address.host}:${address.port}`;
}
