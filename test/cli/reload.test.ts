import { expect } from 'chai';
import type { ReloadCause } from '../../src/supervise/reload/causes.js';
import type { ReloadChange } from '../../src/supervise/operations.js';
import { say } from '../support/command-line.js';
import { FakeOperations } from '../support/fake-operations.js';

const live = (parameter: string): ReloadCause => ({
  parameter,
  before: '512M',
  after: '1G',
  at: { file: '/etc/jail.conf', line: 7, column: 3, length: 4 },
  restart: null,
});
const hard = (parameter: string): ReloadCause => ({
  ...live(parameter),
  before: `/${'long'.repeat(20)}`,
  after: null,
  at: null,
  restart: 'the jail is built with it',
});

function change(kind: ReloadChange['change'], causes: readonly ReloadCause[] = []): ReloadChange {
  const parameters = causes.map(({ parameter }) => parameter);
  return { jail: kind, change: kind, runs: kind !== 'new', parameters, causes };
}

describe('jailctl reload', () => {
  let operations: FakeOperations;
  const answer = (changes: readonly ReloadChange[]): void => {
    operations.reloadResult = { ok: true, changes, diagnostics: [] };
  };
  beforeEach(() => (operations = new FakeOperations([])));

  it('tells what changed, what took a restart, and how to finish what it does not do', async () => {
    answer([
      change('live', [live('memory.max'), live('restart')]),
      change('restart', [live('memory.max'), hard('path')]),
      { ...change('live', [hard('path')]), jail: 'idle', runs: false },
      { ...change('new'), jail: 'b', renamed: 'a' },
      change('new'),
      { ...change('removed'), jail: 'a', renamed: 'b' },
      change('removed'),
      { ...change('removed'), jail: 'idle2', runs: false },
    ]);
    expect(await say(operations, ['reload'])).to.deep.equal({
      out: `live changed: memory.max, restart
restart restarted for path
idle will start with other values: path
b added; it says what a said
new added
a is in no file any more; it goes on until "jailctl stop a", then "jailctl start b"
removed is in no file any more; it goes on until "jailctl stop removed"
idle2 is in no file any more: it is forgotten
`,
      err: '',
      result: { exit: 0 },
    });
    expect(operations.asked).to.deep.equal(['reload']);
  });

  it('names with -n the cause of each change: the values, where the new one is, and what it takes', async () => {
    answer([
      change('restart', [live('memory.max'), hard('path')]),
      { ...change('live', [live('exec.start')]), jail: 'idle', runs: false },
      change('removed'),
    ]);
    expect((await say(operations, ['reload', '-n'])).out).to.equal(
      `restart would be restarted for path
  memory.max  512M -> 1G                                           /etc/jail.conf:7:3  live
  path        /longlonglonglonglonglonglonglonglong... -> not set                      restart: the jail is built with it
idle would start with other values: exec.start
  exec.start  512M -> 1G  /etc/jail.conf:7:3
removed is in no file any more; it would go on until "jailctl stop removed"
`,
    );
    expect(operations.asked).to.deep.equal(['reload dry']);
  });

  it('says of each jail that is not what its file says why, and what to do', async () => {
    const failure = { message: 'interface em0: No such device', hint: 'this host has lo, eth0' };
    answer([
      { ...change('live', [live('interface')]), jail: 'web', failure },
      {
        ...change('restart', [hard('macvlan')]),
        jail: 'db',
        failure: { message: 'it is down: no such device' },
      },
    ]);
    expect(await say(operations, ['reload'])).to.deep.equal({
      out: '',
      err: `error: web: not changed: interface em0: No such device
hint: this host has lo, eth0
error: db: not restarted: it is down: no such device
`,
      result: { exit: 1 },
    });
  });

  it('ends with 2 and every mistake when the files are wrong', async () => {
    const diagnostic = { code: 'bad-value', severity: 'error', span: null, message: 'no good' } as const;
    operations.reloadResult = { ok: false, changes: [], diagnostics: [diagnostic] };
    const { err, result } = await say(operations, ['reload']);
    expect(result).to.deep.equal({ exit: 2 });
    expect(err).to.match(/^error: no good \[bad-value\]\nerror: not reloaded: nothing has changed\n/);
  });

  it('gives programs all of it', async () => {
    const failure = { message: 'no' };
    answer([
      { ...change('restart', [live('memory.max'), hard('path')]), failure },
      { ...change('new'), renamed: 'a' },
    ]);
    const { out, err, result } = await say(operations, ['reload', '-n', '--json']);
    const place = { file: '/etc/jail.conf', line: 7, column: 3 };
    const nowhere = { file: null, line: null, column: null };
    expect([JSON.parse(out), err, result]).to.deep.equal([
      {
        version: 1,
        ok: true,
        dry_run: true,
        changes: [
          {
            ...{ jail: 'restart', change: 'restart', runs: true, renamed: null },
            causes: [
              { parameter: 'memory.max', before: '512M', after: '1G', ...place, live: true, why: null },
              {
                ...{ parameter: 'path', before: hard('path').before, after: null, ...nowhere },
                ...{ live: false, why: 'the jail is built with it' },
              },
            ],
            failure: { message: 'no', hint: null },
          },
          { jail: 'new', change: 'new', runs: false, renamed: 'a', causes: [], failure: null },
        ],
        diagnostics: [],
      },
      '',
      { exit: 1 },
    ]);
    operations.reloadResult = {
      ok: false,
      changes: [],
      diagnostics: [{ code: 'bad-value', severity: 'error', span: null, message: 'no good' }],
    };
    expect(await say(operations, ['reload', '--json'])).to.deep.equal({
      out: `{"version":1,"ok":false,"dry_run":false,"changes":[],"diagnostics":[{"file":null,"line":null,"column":null,"severity":"error","code":"bad-value","message":"no good","hint":null}]}\n`,
      err: '',
      result: { exit: 2 },
    });
  });
});
