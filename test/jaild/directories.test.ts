import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { TestInstance } from '../support/instance.js';

describe('the directories of jaild', () => {
  /** Everything below a directory that others may write to, links apart, as "mode path". */
  function writableBelow(directory: string): readonly string[] {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' }).flatMap((name) => {
      const found = lstatSync(join(directory, name));
      const isOpen = !found.isSymbolicLink() && (found.mode & 0o022) !== 0 && !found.isSocket();
      return isOpen ? [`${(found.mode & 0o7777).toString(8)} ${name}`] : [];
    });
  }
  const modeOf = (path: string): string => (lstatSync(path).mode & 0o7777).toString(8);

  for (const umask of ['0', '777']) {
    describe(`when jaild is started with umask ${umask}`, () => {
      const instance = new TestInstance(['sh', '-c', `umask ${umask}; exec "$@"`, 'sh']);
      const at = (path: string): string => join(instance.prefix, path);
      before(async () => {
        instance.configure('a { path = "$root"; persist; exec.start = "echo said"; }');
        await instance.start();
        expect(instance.ctl('start', 'a').stderr).to.equal('');
        instance.ctl('run', `path=${instance.root}`, '--', 'true');
      });
      after(() => instance.close());

      it('are for nobody else to write to', () => {
        expect(
          ['run/jaild', 'var/lib/jaild', 'var/log/jaild'].flatMap((path) => writableBelow(at(path))),
        ).to.deep.equal([]);
        expect(
          [
            'run/jaild',
            'run/jaild/a',
            'run/jaild/jaild.sock',
            'run/jaild/a/jailer.sock',
            'var/lib/jaild',
            'var/log/jaild',
          ].map((path) => `${modeOf(at(path))} ${path}`),
        ).to.deep.equal([
          '755 run/jaild',
          '700 run/jaild/a',
          '600 run/jaild/jaild.sock',
          '600 run/jaild/a/jailer.sock',
          '700 var/lib/jaild',
          '750 var/log/jaild',
        ]);
      });
    });
  }

  describe('with something else in their place', () => {
    const instance = new TestInstance();
    const at = (path: string): string => join(instance.prefix, path);
    before(async () => {
      instance.configure('link { path = "$root"; persist; }\nfile { path = "$root"; persist; }');
      // Left open by whoever made it.
      mkdirSync(at('run/jaild'));
      chmodSync(at('run/jaild'), 0o777);
      await instance.start();
    });
    after(() => instance.close());

    it('are closed to others', () => {
      expect(modeOf(at('run/jaild'))).to.equal('755');
    });

    it('follow no link and take no file that has the name of a jail', () => {
      mkdirSync(at('elsewhere'));
      symlinkSync(at('elsewhere'), at('run/jaild/link'));
      writeFileSync(at('run/jaild/file'), 'precious');
      for (const name of ['link', 'file']) {
        const { code, stderr } = instance.ctl('start', name);
        expect({ code, stderr }, name).to.deep.include({ code: 1 });
        expect(stderr).to.match(new RegExp(`run/jaild/${name}: (Not a directory|.*exist)`, 'i'));
        rmSync(at(`run/jaild/${name}`), { force: true });
      }
      expect(readdirSync(at('elsewhere'))).to.deep.equal([]);
      expect(instance.ctl('start', 'link', 'file').code).to.equal(0);
    });

    it('are refused when they are somebody else’s', async () => {
      await instance.endDaemon();
      chownSync(at('run/jaild'), 12345, 12345);
      const { code, stderr } = instance.run([instance.bin('jaild')]);
      expect({ code, stderr }).to.deep.equal({
        code: 1,
        stderr:
          `error: mkdir ${at('run/jaild')} is of uid 12345: Operation not permitted\n` +
          'hint: who owns it can put files of his own in the place of those of jaild\n',
      });
      chownSync(at('run/jaild'), 0, 0);
      expect(existsSync(at('run/jaild/link'))).to.equal(true);
      await instance.start();
    });
  });
});
