import { expect } from 'chai';
import type { DaemonContext } from '../../../src/cli/context.js';
import { Live } from '../../../src/cli/top/live.js';
import type { Gesture } from '../../../src/control/live.js';
import { FakeOperations } from '../../support/fake-operations.js';

describe('jailctl top at a terminal of a size that none has', () => {
  it('draws no more than the largest has', async () => {
    let hear: (gesture: Gesture) => void = () => undefined;
    let drawn = '';
    const context: Partial<DaemonContext> = {
      operations: new FakeOperations([]),
      terminal: {
        stdout: true,
        stderr: true,
        stdin: true,
        columns: 80,
        term: 'xterm',
        colour: false,
      },
      signal: new AbortController().signal,
      now: () => new Date(0),
      out: (text) => (drawn += text.toString()),
      drained: () => {
        hear({ kind: 'typed', bytes: Buffer.from('q') });
        return Promise.resolve();
      },
      takeTerminal: (_, listener) => {
        hear = listener;
        listener({ kind: 'window', columns: 99_999, rows: 99_999, locale: 'C.UTF-8' });
        return () => undefined;
      },
    };
    await new Live(context as DaemonContext, { names: new Set(), delayMs: 1000 }).run(); // all that it asks for
    expect([...drawn.matchAll(/\u001b\[(\d+);1H/g)].at(-1)?.[1]).to.equal('500');
  });
});
