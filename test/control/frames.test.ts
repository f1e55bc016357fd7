import { expect } from 'chai';
import {
  decodeFields,
  decodeText,
  encodeFields,
  encodeFrame,
  encodeText,
  MalformedFrame,
} from '../../src/control/frames.js';
import { decodeRequest, RequestReader } from '../../src/control/request.js';

const fields = ['1', '/usr/bin/jls', '/root', '80', '02', '', 'xterm', '-v', 'web'];

describe('frames of the control socket', () => {
  it('are a type, a little-endian length and the bytes', () => {
    expect(encodeFrame('O', Buffer.from('hi'))).to.deep.equal(Buffer.from('O\x02\0\0\0hi'));
  });

  it('carry fields that end in NUL', () => {
    expect(encodeFields(['a', '', 'ä'])).to.deep.equal(Buffer.from('a\0\0ä\0'));
    expect(decodeFields(Buffer.from('a\0\0ä\0'))).to.deep.equal(['a', '', 'ä']);
    expect(decodeFields(Buffer.alloc(0))).to.deep.equal([]);
  });

  it('are refused with a field that does not end or has a NUL inside', () => {
    expect(() => decodeFields(Buffer.from('a\0b'))).to.throw(MalformedFrame);
    expect(() => encodeFields(['a\0b'])).to.throw(MalformedFrame);
  });

  it('give back every byte, UTF-8 or not', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const mixed = Buffer.concat([Buffer.from('ä€😀'), Buffer.of(0xff, 0xed, 0xb2, 0x80, 0xc3)]);
    for (const bytes of [all, mixed]) expect(encodeText(decodeText(bytes))).to.deep.equal(bytes);
  });
});

describe('a request', () => {
  it('says what is asked and from what terminal', () => {
    expect(decodeRequest(encodeFields(fields))).to.deep.equal({
      calledAs: 'jls',
      cwd: '/root',
      columns: 80,
      terminals: { stdin: true, stdout: false, stderr: true },
      noColor: false,
      term: 'xterm',
      words: ['-v', 'web'],
    });
  });

  it('is refused in another version or with fields missing', () => {
    expect(() => decodeRequest(encodeFields(['2', ...fields.slice(1)]))).to.throw('version "2" is not known');
    expect(() => decodeRequest(encodeFields(fields.slice(0, 6)))).to.throw('a field is missing');
  });

  it('may come in pieces of any size', () => {
    const frame = encodeFrame('A', encodeFields(fields));
    for (const size of [1, 2, 3, 5, 7, frame.length]) {
      const reader = new RequestReader();
      const seen = [];
      for (let at = 0; at < frame.length; at += size) seen.push(reader.push(frame.subarray(at, at + size)));
      expect(seen.pop()).to.deep.equal(decodeRequest(encodeFields(fields)));
      expect(seen.every((request) => request === null)).to.equal(true);
    }
  });

  it('is refused from its first byte or header on when it cannot be one', () => {
    expect(() => new RequestReader().push(Buffer.from('G'))).to.throw('not a request');
    expect(() => new RequestReader().push(Buffer.from('A\x01\0\x10\0'))).to.throw(
      '1048577 bytes is too long',
    );
    expect(() => new RequestReader().push(Buffer.from('A\0\0\0\0more'))).to.throw('something follows');
  });
});
