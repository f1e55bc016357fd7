import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { serveMetrics, type MetricsServer } from '../../src/daemon/metrics-server.js';
import { temporaryDirectory } from '../support/temporary.js';

interface Got {
  readonly code: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

describe('the listener for metrics', () => {
  let path = '';
  let server: MetricsServer;
  let text = (): Promise<string> => Promise.resolve('a_total 1\n');
  const complaints: string[] = [];
  const open: Socket[] = [];

  before(async () => {
    path = join(temporaryDirectory(), 'metrics.sock');
    const complain = (message: string): void => void complaints.push(message);
    server = await serveMetrics({
      address: { path },
      group: 1,
      text: () => text(),
      complain,
      requestMs: 500,
    });
  });
  afterEach(() => open.splice(0).forEach((socket) => socket.destroy()));
  after(() => server.close());

  const ask = (method = 'GET', url = '/metrics', body = ''): Promise<Got> =>
    new Promise((resolve, reject) => {
      const asked = request({ socketPath: path, method, path: url, agent: false }, (response) => {
        let said = '';
        response.on('data', (piece: Buffer) => (said += piece.toString()));
        response.on('end', () =>
          resolve({ code: response.statusCode, headers: response.headers, body: said }),
        );
      });
      asked.on('error', reject);
      asked.end(body);
    });
  /** Whatever a client says, and all that it is told until it is left alone. */
  const raw = (bytes: string | Buffer): Promise<string> =>
    new Promise((resolve) => {
      const socket = connect(path);
      open.push(socket);
      let said = '';
      socket.on('data', (piece: Buffer) => (said += piece.toString('latin1')));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(said));
      socket.write(bytes);
    });

  it('gives the metrics, and their head alone', async () => {
    const { code, headers, body } = await ask('GET', '/metrics?x=1');
    expect([code, headers['content-type'], headers['content-length'], body]).to.deep.equal([
      200,
      'text/plain; version=0.0.4; charset=utf-8',
      '10',
      'a_total 1\n',
    ]);
    const head = await ask('HEAD');
    expect([head.code, head.headers['content-length'], head.body]).to.deep.equal([200, '10', '']);
  });

  it('does nothing else', async () => {
    const asked = await Promise.all([
      ask('GET', '/'),
      ask('GET', '/metrics/'),
      ask('GET', '/../metrics'),
      ask('POST', '/metrics', 'x=1'),
      ask('DELETE', '/metrics'),
      ask('OPTIONS', '*'),
    ]);
    expect(asked.map(({ code }) => code)).to.deep.equal([404, 404, 404, 405, 405, 405]);
    expect(await raw('GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n')).to.match(
      /^HTTP\/1.1 413 .*\r\nConnection: close\r\n/s,
    );
    expect(asked[3]?.headers.allow).to.equal('GET, HEAD');
  });

  it('is a socket for root and the group, and nobody else', () => {
    const { mode, uid, gid } = statSync(path);
    expect([mode & 0o777, uid, gid, existsSync(`${path}.new`)]).to.deep.equal([0o660, 0, 1, false]);
  });

  it('survives what is no request', async () => {
    const garbage = [
      '\0\0\0\0\u00ff\u00fe garbage\r\n\r\n',
      'GET /metrics\r\n\r\n',
      'GET /metrics HTTP/9.9\r\n\r\n',
      `GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`,
      `GET /metrics HTTP/1.1\r\n${'X: y\r\n'.repeat(10_000)}\r\n`,
      'GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
      'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n',
      Buffer.alloc(1024 * 1024, 0x41),
    ];
    const answers = await Promise.all(garbage.map(raw));
    expect(
      answers.filter(
        (said) => said !== '' && !/^HTTP\/1.1 (200|4\d\d) .*\r\nConnection: close\r\n/s.test(said),
      ),
    ).to.deep.equal([]);
    expect((await ask()).code).to.equal(200);
  });

  it('serves others while many come and say nothing', async () => {
    const idle = Array.from({ length: 100 }, () => raw(''));
    const half = Array.from({ length: 10 }, () => raw('GET /metrics HTTP/1.1\r\nHo'));
    // Those that have a place lose it in time, those that have none at once.
    await Promise.all([...idle, ...half]);
    expect((await ask()).code).to.equal(200);
  });

  it('says that it failed, and why to the log', async () => {
    const before = text;
    text = () => Promise.reject(new Error('EMFILE'));
    expect((await ask()).code).to.equal(500);
    text = before;
    expect(complaints).to.deep.equal(['metrics: Error: EMFILE']);
    expect((await ask()).code).to.equal(200);
  });

  it('takes the place of a socket that was left, and of nothing else', async () => {
    const directory = temporaryDirectory();
    const left = join(directory, 'left.sock');
    const complain = (): void => undefined;
    const listen = (where: string) =>
      serveMetrics({ address: { path: where }, group: null, text, complain }).then(
        (made) => made.close().then(() => existsSync(where)),
        String,
      );
    const stale = createServer().listen(left);
    await new Promise((resolve) => stale.once('listening', resolve));
    expect(await listen(left)).to.equal(false);
    stale.close();
    writeFileSync(join(directory, 'file'), 'mine');
    mkdirSync(join(directory, 'dir'));
    expect([await listen(join(directory, 'file')), await listen(join(directory, 'dir'))]).to.deep.equal([
      `Error: ${directory}/file exists and is not a socket`,
      `Error: ${directory}/dir exists and is not a socket`,
    ]);
  });

  it('cannot have a port that somebody else has', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const { port } = other.address() as AddressInfo;
    const listen = serveMetrics({
      address: { host: '127.0.0.1', port },
      group: null,
      text,
      complain: () => undefined,
    });
    expect(await listen.then(() => 'listening', String)).to.equal(
      `SystemError: listen 127.0.0.1:${port}: Address already in use`,
    );
    other.close();
  });
});
