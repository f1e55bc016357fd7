import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance, type Answer } from '../support/instance.js';

const config = `
  exec.clean;
  * { path = "$root"; stop.timeout = 3; exec.poststop = "/bin/touch $prefix/$name.poststop"; }
  db { persist; exec.start = "/bin/echo up"; exec.prestart = "/bin/true"; exec.release = "/bin/touch $prefix/db.release"; }
  app { depend = db; command = "/bin/sleep 1000"; }
  a { persist; }
  a.x { persist; }
  pre { exec.prestart = "/bin/false"; persist; restart = no; }
  start { exec.start = "/bin/sh -c 'exit 3'"; persist; restart = no; }
  after { depend = pre; persist; }
  held { persist; exec.stop = "/bin/false"; }
`;

describe('jail(8)', () => {
  const instance = new TestInstance();
  const jail = (...words: readonly string[]): Answer => instance.run([instance.bin('jail'), ...words]);
  const output = ({ code, stdout, stderr }: Answer) => [code, stdout, stderr];
  const hostname = (name: string): string =>
    instance.run([instance.bin('jexec'), name, 'hostname']).stdout.trim();
  const names = (): string[] =>
    instance
      .run([instance.bin('jls'), 'name'])
      .stdout.split('\n')
      .filter((name) => name !== '')
      .sort();

  before(async () => {
    instance.configure(config);
    await instance.start();
  });
  after(() => instance.close());
  afterEach(() => {
    jail('-r', '*');
    jail('-R', '*');
  });

  describe('-c and -r', () => {
    it('create a jail after those that it depends on, and remove those that depend on it first', () => {
      expect(output(jail('-c', 'app'))).to.deep.equal([0, 'db: created\napp: created\n', '']);
      expect(output(jail('-c', 'app'))).to.deep.equal([1, '', 'jail: "app" already exists\n']);
      expect(output(jail('-r', 'db'))).to.deep.equal([0, 'app: removed\ndb: removed\n', '']);
      expect(output(jail('-r', 'db'))).to.deep.equal([1, '', 'jail: "db" not found\n']);
      expect(output(jail('-qr', 'db'))).to.deep.equal([0, '', '']);
    });

    it('take numbers, several names, and wildcards for a whole component', () => {
      expect(output(jail('-c', 'a.*'))).to.deep.equal([0, 'a: created\na.x: created\n', '']);
      jail('-c', 'db');
      const { jid } = instance.status('db');
      expect(
        output(jail('-r', String(jid), 'a.x'))[1]
          ?.toString()
          .split('\n')
          .sort(),
      ).to.deep.equal(['', 'a.x: removed', 'db: removed']);
      expect(names()).to.deep.equal(['a']);
    });

    it('tell which command failed, and take back what was created', () => {
      expect(output(jail('-c', 'pre'))).to.deep.equal([
        1,
        '',
        'jail: pre: /bin/false: failed\nhint: exec.prestart /bin/false: exited 1\n',
      ]);
      const { code, stdout, stderr } = jail('-c', 'start');
      expect([code, stdout]).to.deep.equal([1, 'start: created\nstart: removed\n']);
      expect(stderr).to.match(/^jail: start: \/bin\/sh -c 'exit 3': failed\nhint: .*exited 3/);
      expect(jail('-c', 'after').stderr).to.match(
        /^jail: pre: .*: failed\n(hint: .*\n)?jail: after: skipped\n/,
      );
      expect(names()).to.deep.equal([]);
    });

    it('tell every step with -v', () => {
      const { stdout } = jail('-v', '-c', 'db');
      const lines = stdout.split('\n');
      expect(lines).to.include.members([
        'db: run command: /bin/true',
        'db: created',
        'db: run command in jail: /bin/echo up',
      ]);
      expect(lines.indexOf('db: run command: /bin/true')).to.be.lessThan(lines.indexOf('db: created'));
      expect(jail('-v', '-r', 'db').stdout).to.match(
        /db: sent SIGTERM\n(.*\n)*db: removed\ndb: run command: /,
      );
    });

    it('start a jail as the files are now, without a reload', () => {
      instance.configure(`${config} fresh { persist; }`);
      expect(output(jail('-c', 'fresh'))).to.deep.equal([0, 'fresh: created\n', '']);
      expect(instance.ctl('status', 'fresh').stdout).to.include('in no file that jaild has read');
      expect(instance.ctl('reload').code).to.equal(0);
      expect(instance.ctl('status', 'fresh').stdout).to.not.include('in no file');
      jail('-r', 'fresh');
      instance.configure(config);
      instance.ctl('reload');
    });

    it('restart together, with what depends on the jail', () => {
      jail('-c', 'app');
      const { pid } = instance.status('app');
      expect(output(jail('-rc', 'db'))).to.deep.equal([
        0,
        'app: removed\ndb: removed\ndb: created\napp: created\n',
        '',
      ]);
      expect(instance.status('app').pid).to.not.equal(pid);
    });

    it('leave a jail up whose exec.stop fails; -R asks nobody', () => {
      jail('-c', 'held');
      expect(jail('-r', 'held').stderr).to.match(/^jail: held: \/bin\/false: failed\n/);
      expect(names()).to.deep.equal(['held']);
      expect(output(jail('-R', 'held'))).to.deep.equal([0, '', '']);
      expect(names()).to.deep.equal([]);
      expect(existsSync(join(instance.prefix, 'held.poststop'))).to.equal(false);
    });

    it('do with -C alone what comes after the end of a jail', () => {
      expect(output(jail('-C', 'db'))).to.deep.equal([0, '', '']);
      expect(existsSync(join(instance.prefix, 'db.release'))).to.equal(true);
      jail('-c', 'db');
      expect(output(jail('-C', 'db'))).to.deep.equal([1, '', 'jail: "db" already exists\n']);
    });
  });

  describe('with a file of its own', () => {
    it('starts its jails as they are there, and jaild keeps them', () => {
      const file = instance.write(
        'other.conf',
        `path = "${instance.root}"; one { depend = two; persist; } two { persist; } db { persist; host.hostname = mine; }`,
      );
      expect(output(jail('-f', file, '-c', 'one'))).to.deep.equal([0, 'two: created\none: created\n', '']);
      expect(output(jail('-f', file, '-c', 'db'))).to.deep.equal([0, 'db: created\n', '']);
      expect([hostname('db'), names()]).to.deep.equal(['mine', ['db', 'one', 'two']]);
      expect(instance.ctl('reload').stdout).to.equal('nothing changed\n');
      jail('-r', 'db');
      jail('-c', 'db');
      expect(hostname('db')).to.equal('db');
    });

    it('reads it from standard input, and calls it STDIN', () => {
      const argv = [instance.bin('jail'), '-f', '-', '-c'];
      const text = `in { path = "${instance.root}"; persist; }`;
      expect(output(instance.run(argv, text))).to.deep.equal([0, 'in: created\n', '']);
      expect(instance.run(argv, 'in { path = ; }').stderr).to.match(/^jail: \/.*\/STDIN:1:13: error: /);
      expect(output(instance.run([instance.bin('jail'), '-f', '-', '-e', ' '], text))).to.deep.equal([
        0,
        `name=in path=${instance.root} persist\n`,
        '',
      ]);
    });
  });

  describe('with parameters on the command line', () => {
    it('makes a jail that goes on by itself, is like any other, and outlives a kill of jaild', async () => {
      const words = [
        'name=cli',
        `path=${instance.root}`,
        'persist',
        'ip4.addr=10.77.0.1,10.77.0.2',
        'depend=a',
      ];
      jail('-c', 'a');
      expect(output(jail('-c', ...words))).to.deep.equal([0, 'cli: created\n', '']);
      expect(instance.status('cli').ip4).to.deep.equal(['10.77.0.1', '10.77.0.2']);
      const { pid } = instance.status('cli');
      await instance.killDaemon();
      await instance.start();
      expect(instance.status('cli')).to.include({ state: 'running', pid });
      expect(output(jail('-r', 'a'))).to.deep.equal([0, 'cli: removed\na: removed\n', '']);
      expect(instance.ctl('status', 'cli').code).to.equal(4);
    });

    it("has its command on the caller's own input and output, and is gone after it", async () => {
      const argv = [instance.bin('jail'), '-c', 'name=cli', `path=${instance.root}`];
      expect(output(instance.run([...argv, 'command=/bin/cat'], 'through\n'))).to.deep.equal([
        0,
        'cli: created\nthrough\n',
        '',
      ]);
      expect(output(instance.run([...argv, 'command=/bin/sh', '-c', 'echo no >&2; exit 3']))).to.deep.equal([
        1,
        'cli: created\n',
        'no\n',
      ]);
      await instance.until('it is gone', () => names().length === 0);
    });

    it('keeps it after its command when it persists', () => {
      const { stdout } = jail('-c', 'name=cli', `path=${instance.root}`, 'persist', 'command=/bin/hostname');
      expect([stdout, names()]).to.deep.equal(['cli: created\ncli\n', ['cli']]);
    });

    it('takes the oldest form, and a user of the host', async () => {
      expect(output(jail(instance.root, 'old.example', '10.77.0.9', '/bin/hostname'))).to.deep.equal([
        0,
        'old.example\n',
        '',
      ]);
      await instance.until(
        'its number is free',
        () => !/^ +1 /m.test(instance.run([instance.bin('jls')]).stdout),
      );
      const { stdout } = jail('-u', 'nobody', '-i', '-c', `path=${instance.root}`, 'command=/bin/id', '-u');
      expect(stdout).to.equal('1\n65534\n');
    });

    it('writes number and parameters with -J', () => {
      const file = join(instance.prefix, 'jids');
      jail('-J', file, '-c', 'name=cli', `path=${instance.root}`, 'persist');
      const { jid } = instance.status('cli');
      expect(readFileSync(file, 'utf8')).to.equal(`jid=${jid} name=cli path=${instance.root} persist\n`);
    });
  });

  describe('-m, and jailctl set', () => {
    it('change what can change while a jail runs, and refuse the rest', () => {
      jail('-c', 'db');
      const { pid } = instance.status('db');
      expect(output(jail('-m', 'name=db', 'pids.max=50'))).to.deep.equal([0, 'db: updated\n', '']);
      expect(instance.ctl('set', 'db', 'pids.max=60', 'memory.max=64M').stdout).to.equal(
        'db changed: memory.max, pids.max\n',
      );
      expect(instance.ctl('status', 'db').stdout).to.match(/pids +1 of 60\n(.*\n)*.*not what it runs with/);
      const refused = instance.ctl('set', 'db', 'pids.max=70', 'host.hostname=x');
      expect([refused.code, refused.stderr.split('\n')[0]]).to.deep.equal([
        2,
        'error: db: not changed: host.hostname cannot be changed after creation',
      ]);
      expect(jail('-m', 'name=db', 'host.hostname=x').stderr).to.match(
        /^jail: db: host\.hostname cannot be changed after creation\n/,
      );
      expect([instance.status('db').pid, hostname('db')]).to.deep.equal([pid, 'db']);
    });

    it('are kept over a reload and a kill of jaild, and given up with -m by the file', async () => {
      jail('-c', 'db');
      jail('-m', 'name=db', 'pids.max=50');
      await instance.killDaemon();
      await instance.start();
      expect(instance.ctl('reload').stdout).to.equal('nothing changed\n');
      expect(instance.ctl('status', 'db').stdout).to.match(/pids +1 of 50\n/);
      expect(output(jail('-m', 'db'))).to.deep.equal([0, 'db: updated\n', '']);
      expect(instance.ctl('status', 'db').stdout).to.not.match(/not what it runs with|of 50/);
    });

    it('restart with -mr for what cannot change otherwise', () => {
      jail('-c', 'db');
      expect(output(jail('-mr', 'name=db', 'host.hostname=other'))).to.deep.equal([0, 'db: updated\n', '']);
      expect(hostname('db')).to.equal('other');
    });
  });

  it('says with 1 that jaild is not reachable', () => {
    const elsewhere = ['env', 'JAILD_PREFIX=/tmp/nowhere', instance.bin('jail'), '-c', 'x'];
    const { code, stderr } = instance.run(elsewhere);
    expect([code, stderr.slice(0, 34)]).to.deep.equal([1, 'jail: jaild is not reachable at /t']);
  });
});
