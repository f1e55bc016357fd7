import { expect } from 'chai';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestInstance } from '../support/instance.js';

const phases = ['prepare', 'prestart', 'created', 'poststart', 'prestop', 'poststop', 'release'] as const;

/** jaild, started by somebody untidy. */
const untidy =
  'umask 0; trap "" HUP USR1 PIPE CHLD; exec 9</etc/passwd 300</etc/group; export SECRET=s3cret LD_PRELOADED=x IFS=/; cd /tmp; exec "$@"';

/** What a command on the host finds out about itself. */
const reporter = `#!/bin/sh
exec >"$1/report.$2" 2>&1
shift 2
echo "words $*"
tr '\\0' '\\n' </proc/$$/environ | sort
echo "directory $(pwd)"
echo "umask $(umask)"
# Read by the shell itself: while it waits for another program, some shells block signals.
while read -r line; do case $line in SigBlk*|SigIgn*|Groups*|Uid*) echo "$line" ;; esac; done </proc/$$/status
echo "terminal $(cut -d ' ' -f 7 /proc/$$/stat)"
# Those it came with, beside the script that it reads: by then it has none of its own.
set -- /proc/$$/fd/*
for fd; do
	case $fd in */fd/[012]) ;; *) [ "$fd" -ef "$0" ] || readlink "$fd" ;; esac
done
readlink /proc/$$/fd/0
`;

describe('commands on the host around a jail that means them ill', () => {
  const instance = new TestInstance(['bash', '-c', untidy, 'sh']);
  const evil = '$(touch marked);`touch marked`';
  const reports = new Map<string, string>();
  let directory: string;

  before(async () => {
    directory = join(instance.prefix, 'reports');
    const hook = instance.write('hook', reporter);
    instance.write('reports/.keep', '');
    instance.run(['chmod', '755', hook]);
    const commands = phases.map(
      (phase) => `exec.${phase} = "$prefix/hook $prefix/reports ${phase} \${name} $path";`,
    );
    instance.configure(`
      ill {
        path = "$root"; allow.set_hostname; restart = no; command = "/bin/sh /bin/ill";
        ${commands.join('\n')}
        exec.prestop += "cat $path/tmp/words; echo \\"\\$JNAME at \\$JPATH\\"";
      }
    `);
    const lines = ['hostname "$(cat /etc/evil)"', 'cp /etc/evil /tmp/words', 'cat /etc/evil', 'sleep 1000'];
    writeFileSync(join(instance.root, 'bin/ill'), `${lines.join('\n')}\n`);
    writeFileSync(join(instance.root, 'etc/evil'), `${evil}\u001b[2J\n`);
    await instance.start();
    expect(instance.ctl('start', 'ill').stderr).to.equal('');
    await instance.until('it has done its worst', () => instance.logOf('ill').includes('marked'));
    expect(instance.ctl('exec', 'ill', '--', 'hostname').stdout).to.include('touch');
    expect(instance.ctl('stop', 'ill').stderr).to.equal('');
    for (const phase of phases) reports.set(phase, readFileSync(join(directory, `report.${phase}`), 'utf8'));
  });

  after(() => instance.close());

  it('find what the configuration says and nothing else, whoever started jaild', () => {
    const report = (phase: string, jid: string): string =>
      [
        `words ill ${instance.root}`,
        'HOME=/root',
        jid,
        'JNAME=ill',
        `JPATH=${instance.root}`,
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'SHELL=/bin/sh',
        'USER=root',
        'directory /',
        'umask 0022',
        'Uid:\t0\t0\t0\t0',
        /^Groups:.*$/m.exec(reports.get(phase) ?? '')?.[0],
        'SigBlk:\t0000000000000000',
        'SigIgn:\t0000000000000000',
        'terminal 0',
        '/dev/null',
        '',
      ].join('\n');
    for (const phase of phases) {
      const jid = /^JID=\d+$/m.exec(reports.get(phase) ?? '')?.[0] ?? 'no JID';
      expect(reports.get(phase), phase).to.equal(report(phase, jid));
    }
  });

  it('have no word of the jail evaluated', () => {
    const marks = ['/', '/tmp', instance.prefix, directory].filter((where) =>
      existsSync(join(where, 'marked')),
    );
    expect(marks).to.deep.equal([]);
    expect(readdirSync(directory).sort()).to.deep.equal([
      '.keep',
      ...phases.map((phase) => `report.${phase}`).sort(),
    ]);
  });

  it('hand nothing on that a terminal obeys', () => {
    expect(instance.log).to.include(`exec.prestop: ${evil} [2J`);
    expect(instance.log).to.include(`exec.prestop: ill at ${instance.root}`);
    expect(instance.log).not.to.match(/[\u0000-\u0008\u000b-\u001f]/);
  });
});
