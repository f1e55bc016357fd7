import { expect } from 'chai';
import {
  encodeExec,
  encodeMessage,
  encodePlan,
  readMessage,
  readRecord,
  splitMessages,
} from '../../src/host/jailer-message.js';

describe('jailer-message', () => {
  it('writes a plan as fields that end in a NUL', () => {
    expect(
      encodePlan([
        ['version', '1'],
        ['log', '/l', '10', '2', 'plain'],
      ]).toString(),
    ).to.equal('version\x001\0log\0/l\x0010\x002\0plain\0');
  });

  it('writes a message behind its size in bytes, not in letters', () => {
    expect(encodeMessage('signal', 'ü')).to.deep.equal(Buffer.from('\x0a\0\0\0signal\0ü\0'));
  });

  it('writes what to exec, an absent user being that of the plan', () => {
    const request = {
      phase: 'exec.stop',
      command: 'sh -c x',
      argv: ['sh', '-c', 'x'],
      environment: { A: '1' },
      user: null,
      timeout: 9,
    };
    expect(splitMessages(encodeExec('7', request)).messages).to.deep.equal([
      ['exec', '7', '9', '', '/', 'no', 'yes', '3', 'sh', '-c', 'x', '1', 'A=1'],
    ]);
  });

  it('writes the time that a command has in whole seconds, for the jailer takes no others', () => {
    const request = {
      phase: 'exec.stop',
      command: 'x',
      argv: ['x'],
      environment: {},
      user: null,
      timeout: 0.3,
    };
    expect(splitMessages(encodeExec('7', request)).messages[0]?.slice(0, 3)).to.deep.equal([
      'exec',
      '7',
      '1',
    ]);
  });

  it('takes messages apart wherever the stream was cut', () => {
    const stream = Buffer.concat([
      encodeMessage('built'),
      encodeMessage('start', '0', 'exit', ''),
      encodeMessage('x'),
    ]);
    for (let cut = 0; cut <= stream.length; cut++) {
      const head = splitMessages(stream.subarray(0, cut));
      const tail = splitMessages(Buffer.concat([head.rest, stream.subarray(cut)]));
      expect([[...head.messages, ...tail.messages], tail.rest.length]).to.deep.equal([
        [['built'], ['start', '0', 'exit', ''], ['x']],
        0,
      ]);
    }
  });

  it('refuses a message that is longer than any', () => {
    expect(() => splitMessages(Buffer.from([1, 0, 0x10, 0]))).to.throw('1048577 bytes');
  });

  const understood: readonly (readonly [string, unknown])[] = [
    [
      'hello id 10 11 5 created',
      { kind: 'hello', launch: 'id', pid: 10, initPid: 11, netlinkFd: 5, phase: 'created' },
    ],
    ['error mount /x 2', { kind: 'error', ended: { how: 'error', code: 2, step: 'mount', subject: '/x' } }],
    ['warning mask /x 13', { kind: 'warning', step: 'mask', subject: '/x', errno: 13 }],
    ['built', { kind: 'built' }],
    ['start 1 timeout 3', { kind: 'start', index: 1, ended: { how: 'timeout', code: 3 } }],
    ['running 42', { kind: 'running', pid: 42 }],
    ['main signal 9', { kind: 'main', ended: { how: 'signal', code: 9 } }],
    ['exec.exit 3 error 2', { kind: 'exec-exit', id: '3', ended: { how: 'error', code: 2 } }],
    ['log.dropped 3 512 syslog', { kind: 'log-dropped', lines: 3, bytes: 512, target: 'syslog' }],
    ['exited exit 0', { kind: 'exited', ended: { how: 'exit', code: 0 } }],
    ['news from later', null],
  ];
  for (const [words, message] of understood) {
    it(`understands "${words}"`, () => {
      expect(readMessage(words.split(' '))).to.deep.equal(message);
    });
  }

  it('reads the record of a jail that ended, and of one that could not be built', () => {
    expect(readRecord('launch=ab\nhow=exit\ncode=3\nphase=running\nat=1700000000.250000\n')).to.deep.equal({
      launch: 'ab',
      ended: { how: 'exit', code: 3 },
      at: new Date(1700000000250),
    });
    expect(
      readRecord('launch=ab\nhow=error\ncode=2\nstep=mount\nsubject=/a=b\nat=1.000000\n').ended,
    ).to.deep.equal({
      how: 'error',
      code: 2,
      step: 'mount',
      subject: '/a=b',
    });
  });
});
