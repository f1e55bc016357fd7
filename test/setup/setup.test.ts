import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../../..');

describe('a checkout without a compiler', () => {
  const bin = mkdtempSync('/tmp/jaild-setup-');

  before(() => {
    chmodSync(bin, 0o755);
    // A host on which dpkg knows of no package at all.
    writeFileSync(join(bin, 'dpkg-query'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  });
  after(() => rmSync(bin, { recursive: true }));

  it('is told by make which one is missing, and what installs it', () => {
    const { status, stderr } = spawnSync('make', ['-C', 'native', 'MUSL_CC=no-such-cc'], {
      cwd: repository,
      encoding: 'utf8',
    });
    expect(stderr).to.include('error: no compiler: no-such-cc: not found\nhint: run "npm run setup" as root');
    expect(status).to.equal(2);
  });

  it('is told by setup which Debian packages it lacks and what for, when it may not install them', () => {
    const argv = ['--reuid=65534', '--regid=65534', '--clear-groups', join(repository, 'scripts/setup')];
    const { status, stderr } = spawnSync('setpriv', argv, {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    expect(stderr).to.match(/^error: setup: Debian packages are missing: gcc \(compiling native\/\), /);
    expect(stderr).to.match(/^hint: run scripts\/setup once as root$/m);
    expect(status).to.equal(1);
  });
});
