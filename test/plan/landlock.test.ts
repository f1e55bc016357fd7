import { expect } from 'chai';
import { landlockParts } from '../../src/plan/landlock.js';

describe('what a jail has of landlock', () => {
  it('is all, unless it is to mount by itself', () => {
    expect(landlockParts({})).to.deep.equal(['files', 'scopes']);
    expect(landlockParts({ seccomp: 'off', 'allow.mount': true, 'allow.mount.tmpfs': true })).to.deep.equal([
      'files',
      'scopes',
    ]);
    expect(landlockParts({ 'children.max': 1 })).to.deep.equal(['scopes']);
    expect(landlockParts({ 'caps.add': ['sys_admin'] })).to.deep.equal(['scopes']);
    expect(landlockParts({ 'caps.add': ['sys_admin'], 'caps.drop': ['sys_admin'] })).to.deep.equal([
      'files',
      'scopes',
    ]);
  });
});
