import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { interpreterOf } from '../../../src/plan/advice/interpreter.js';

describe('what runs a program', () => {
  it('stands behind #! in a script', () => {
    const of = (text: string) => interpreterOf(Buffer.from(text));
    expect([
      of('#!/bin/sh\n'),
      of('#! /usr/bin/env python\n'),
      of('#!\n'),
      of('# !/bin/sh'),
      of(''),
    ]).to.deep.equal(['/bin/sh', '/usr/bin/env', null, null, null]);
  });

  it('stands in the header of a dynamic program, such as the one that runs this', () => {
    expect(interpreterOf(readFileSync(process.execPath).subarray(0, 4096))).to.match(
      /^\/lib.*\/ld-linux.*\.so/,
    );
  });

  it('is not known of a program that is cut off, or static', () => {
    const head = Buffer.from(readFileSync(process.execPath).subarray(0, 4096));
    for (const length of [3, 20, 63, 64, 100, 300])
      expect(interpreterOf(head.subarray(0, length))).to.equal(null);
    expect(interpreterOf(readFileSync('native/build/jailer').subarray(0, 4096))).to.equal(null);
  });
});
