import { expect } from 'chai';
import { commandArgv, hostEnvironment, jailEnvironment } from '../../src/plan/command.js';

const jail = { jid: 7, name: 'web', path: '/jails/web' };
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

describe('a command string', () => {
  it('without special characters is split at blanks and run as it is', () => {
    expect(commandArgv(' /bin/mount  -t tmpfs\ttmpfs /x ')).to.deep.equal({
      argv: ['/bin/mount', '-t', 'tmpfs', 'tmpfs', '/x'],
      background: false,
    });
    expect(commandArgv('FOO=1 cmd # x')?.argv).to.deep.equal(['FOO=1', 'cmd', '#', 'x']);
  });

  it('with any special character goes to the shell, whole', () => {
    for (const special of '!"$&\'()*;<>?[\\]`{|}~')
      expect(commandArgv(`echo a${special}b`), special).to.deep.equal({
        argv: ['/bin/sh', '-c', `echo a${special}b`],
        background: false,
      });
  });

  it('with nothing special but a single & at its end runs in the background', () => {
    expect(commandArgv('sleep 5 &')).to.deep.equal({ argv: ['sleep', '5'], background: true });
    for (const text of ['sleep 5 & ', 'sleep 5 &&', 'a & b &', 'echo $X &'])
      expect(commandArgv(text), text).to.deep.equal({ argv: ['/bin/sh', '-c', text], background: false });
  });

  it('without a word in it runs nothing', () => {
    expect(['', ' \t', '&', ' &'].map(commandArgv)).to.deep.equal([null, null, null, null]);
  });
});

describe('the environment of commands', () => {
  before(() => (process.env['JAILD_TEST_SECRET'] = 'x'));
  after(() => delete process.env['JAILD_TEST_SECRET']);

  it('on the host says which jail it is about and has nothing of jaild in it', () => {
    expect(hostEnvironment(jail, { clean: false, term: 'vt100' })).to.deep.equal({
      PATH,
      TERM: 'vt100',
      JID: '7',
      JNAME: 'web',
      JPATH: '/jails/web',
      HOME: '/root',
      SHELL: '/bin/sh',
      USER: 'root',
    });
  });

  it('on the host with exec.clean is that of the user alone', () => {
    const user = { name: 'www', home: '/var/www', shell: '/bin/false' };
    expect(hostEnvironment(jail, { clean: true }, user)).to.deep.equal({
      PATH: '/bin:/usr/bin',
      HOME: '/var/www',
      SHELL: '/bin/false',
      USER: 'www',
    });
  });

  it('inside ends with what exec.env says', () => {
    expect(jailEnvironment(jail, { clean: false }, ['A=b=c', 'PATH=/opt'])).to.deep.equal({
      PATH: '/opt',
      JID: '7',
      JNAME: 'web',
      JPATH: '/jails/web',
      A: 'b=c',
    });
    expect(jailEnvironment(jail, { clean: true, term: '' })).to.deep.equal({ PATH: '/bin:/usr/bin' });
  });
});
