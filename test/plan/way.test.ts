import { expect } from 'chai';
import { wayOf } from '../../src/plan/way.js';
import { fakeHost, type Files } from '../support/fake-host-view.js';

const alices = (mode = 0o755) => ({ text: 'dir', mode, uid: 1000 });
const way = (path: string, files: Files) => wayOf(path, fakeHost(files).lstat);

describe('the way to a directory of the host', () => {
  it('is sure through directories of root and its links', () => {
    const files = { '/data/web': 'dir', '/jails': '-> data', '/srv/j': '-> ../jails/./web' };
    expect(way('/jails/web', files)).to.deep.equal({ real: '/data/web', brink: null, astray: null });
    expect(way('/srv//j/', files)).to.deep.equal({ real: '/data/web', brink: null, astray: null });
    expect(way('/srv/../jails/web', files).real).to.equal('/data/web');
    expect(way('/', files)).to.deep.equal({ real: '/', brink: null, astray: null });
  });

  it('ends where it is not there yet', () => {
    expect(way('/data/no/../x', { '/data': 'dir' }).real).to.equal('/data/x');
    expect(way('/a', { '/a': '-> a' }).astray).to.equal(null);
  });

  it('has a brink at the first directory that others can change', () => {
    const brink = (directory: Files[string], more: Files = {}) =>
      way('/h/a/jails/web', { '/h/a': directory, '/h/a/jails/web': 'dir', ...more }).brink?.named;
    expect(brink(alices())).to.equal('/h/a');
    expect(brink({ text: 'dir', mode: 0o777 })).to.equal('/h/a');
    expect(brink({ text: 'dir', mode: 0o775 })).to.equal(undefined);
    expect(brink({ text: 'dir', mode: 0o755 }, { '/h/a/jails': alices() })).to.equal('/h/a/jails');
    // What it is itself is for the jail to say.
    expect(brink({ text: 'dir', mode: 0o755 }, { '/h/a/jails/web': alices(0o777) })).to.equal(undefined);
  });

  it('is sure in a sticky directory where root has made the next one, and not before', () => {
    const sticky = { '/tmp': { text: 'dir', mode: 0o1777 } };
    expect(way('/tmp/j/web', { ...sticky, '/tmp/j/web': 'dir' }).brink).to.equal(null);
    expect(way('/tmp/j/web', sticky).brink?.named).to.equal('/tmp');
    expect(way('/tmp/j/web', { ...sticky, '/tmp/j': alices(), '/tmp/j/web': 'dir' }).brink?.named).to.equal(
      '/tmp',
    );
    const link = way('/tmp/j/web', { ...sticky, '/tmp/j': '-> /data', '/data/web': 'dir' });
    expect(link).to.deep.equal({
      ...{
        real: '/data/web',
        brink: { named: '/tmp', real: '/tmp' },
        astray: { link: '/tmp/j', through: '/tmp' },
      },
    });
  });

  it('goes astray at a link that others can lay, or that leads to where they can', () => {
    const files = { '/h/a': alices(), '/h/a/jails': '-> /etc', '/etc/x': 'dir', '/jails': '-> /h/a/jails' };
    expect(way('/h/a/jails/x', files).astray).to.deep.equal({ link: '/h/a/jails', through: '/h/a' });
    expect(way('/jails/x', files).astray).to.deep.equal({ link: '/h/a/jails', through: '/h/a' });
    const through = { '/h/a/b': 'dir', '/h/a': alices(), '/jails': '-> /h/a/b' };
    expect(way('/jails/x', through).astray).to.deep.equal({ link: '/jails', through: '/h/a' });
  });
});
