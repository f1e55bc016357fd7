import { chmodSync, chownSync, lstatSync, renameSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { SystemError } from '../host/error.js';
import { addressText, type ListenAddress } from './listen-address.js';
import { Metrics } from './metrics.js';

/** Prometheus needs one; whoever comes when all are taken is not heard. */
const MAX_CONNECTIONS = 16;
const MAX_HEADER_BYTES = 8192;
/** Milliseconds for a request, and for an answer to be taken. */
const REQUEST_MS = 5000;
const ANSWER_MS = 20_000;

export interface MetricsServerOptions {
  readonly address: ListenAddress;
  /** Id of the group that may use a socket; null: root only. */
  readonly group: number | null;
  readonly text: () => Promise<string>;
  readonly complain: (message: string) => void;
  /** Milliseconds for a request. */
  readonly requestMs?: number;
}

export interface MetricsServer {
  /** Ends listening and every connection. */
  close(): Promise<void>;
}

/** Answers GET and HEAD of /metrics, and nothing else. Rejects with SystemError where it cannot listen. */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const { createServer } = await import('node:http');
  const { requestMs = REQUEST_MS } = options;
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    keepAliveTimeout: requestMs,
    connectionsCheckingInterval: requestMs / 5,
  };
  const server = createServer(limits, (request, response) => void answer(request, response, options));
  server.maxConnections = MAX_CONNECTIONS;
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    socket.destroy();
  });
  await listen(server, options);
  server.on('error', ({ message }) => options.complain(`metrics: ${message}`));
  return {
    close: () => {
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      if ('path' in options.address) rmSync(options.address.path, { force: true });
      return ended;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { text, complain }: MetricsServerOptions,
): Promise<void> {
  const deadline = setTimeout(() => request.socket.destroy(), ANSWER_MS);
  response.on('close', () => clearTimeout(deadline));
  const { method = '', url = '' } = request;
  if (hasBody(request)) response.setHeader('Connection', 'close');
  if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, { Allow: 'GET, HEAD' });
  if (url.split('?')[0] !== '/metrics') return refuse(response, 404);
  if (hasBody(request)) return refuse(response, 413);
  try {
    const body = Buffer.from(await text());
    response.writeHead(200, { 'Content-Type': Metrics.contentType, 'Content-Length': body.length });
    response.end(method === 'HEAD' ? undefined : body);
  } catch (error) {
    complain(`metrics: ${String(error)}`);
    refuse(response, 500);
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';

function refuse(
  response: ServerResponse,
  code: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) return;
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', ...headers });
  response.end(code === 404 ? 'there is /metrics only\n' : `${response.statusMessage}\n`);
}

async function listen(server: Server, { address, group }: MetricsServerOptions): Promise<void> {
  if (!('path' in address)) return begin(server, address, address);
  // Made under another name and renamed when it has its owner and mode, so that nobody connects too early.
  const fresh = `${address.path}.new`;
  mayReplace(address.path);
  if (mayReplace(fresh)) rmSync(fresh);
  await begin(server, { path: fresh }, address);
  if (group !== null) chownSync(fresh, 0, group);
  chmodSync(fresh, group === null ? 0o600 : 0o660);
  renameSync(fresh, address.path);
}

function begin(server: Server, where: ListenAddress, shown: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = ({ errno = 0 }: NodeJS.ErrnoException): void =>
      reject(
        new SystemError('listen', Math.abs(errno), addressText(shown), '[metrics] of jaild.ini says where'),
      );
    server.once('error', failed);
    server.listen(where, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** Whether a socket has this name. Throws when something else has it: that is somebody's, and would be lost. */
function mayReplace(path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isSocket()) throw new Error(`${path} exists and is not a socket`);
  return found !== undefined;
}
