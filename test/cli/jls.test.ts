import { release } from 'node:os';
import { expect } from 'chai';
import { FakeOperations, stoppedJail } from '../support/fake-operations.js';
import { say } from '../support/command-line.js';

const operations = new FakeOperations(
  [
    stoppedJail('web', {
      jid: 12,
      state: 'running',
      pid: 7,
      hostname: 'a-host-name-of-more-than-thirty.example.org',
      path: '/jails/web',
      ip4: ['192.0.2.100/24', '192.0.2.101/32'],
      ip6: ['2001:db8::1/64'],
    }),
    stoppedJail('db', { jid: 3, state: 'stopping', hostname: "it's db", path: '/jails/d b' }),
    stoppedJail('old', { jid: 4, state: 'stuck', hostname: 'old' }),
    stoppedJail('idle'),
  ],
  'web { path=/jails/web; persist; allow.raw_sockets; memory.max = 512M; isolate; nat; rdr = "tcp 8080 80", "udp 53 53"; } db { path = "/jails/d b"; persist; }',
);
const jls = async (...words: string[]) => say(operations, words, { calledAs: 'jls', right: 'operator' });
const text = async (...words: string[]) => (await jls(...words)).out;

describe('jls', () => {
  it("shows FreeBSD's columns of the jails that run, by number", async () => {
    expect(await text()).to.equal(
      `   JID  IP Address      Hostname                      Path
     3                  it's db                       /jails/d b
    12  192.0.2.100     a-host-name-of-more-than-thir /jails/web
`,
    );
  });

  it('shows names in place of numbers with -N', async () => {
    expect(await text('-N')).to.equal(
      ` JID             IP Address      Hostname                      Path
 db                              it's db                       /jails/d b
 web             192.0.2.100     a-host-name-of-more-than-thir /jails/web
`,
    );
  });

  it('shows four lines and all addresses with -v, and the dying with -d', async () => {
    expect(await text('-dv')).to.equal(
      `   JID  Hostname                      Path
        Name                          State
        CPUSetID
        IP Address(es)
     3  it's db                       /jails/d b
        db                            ACTIVE
        3
     4  old                           /jails/old
        old                           DYING
        4
    12  a-host-name-of-more-than-thir /jails/web
        web                           ACTIVE
        12
        192.0.2.100
        192.0.2.101
        2001:db8::1
`,
    );
  });

  it('shows parameters by name, under a header, with names, and quoted', async () => {
    expect(await text('jid', 'name', 'ip4.addr', 'persist')).to.equal(
      '3 db - true\n12 web 192.0.2.100,192.0.2.101 true\n',
    );
    expect(await text('-h', 'jid', 'host.hostname')).to.equal(
      "jid host.hostname\n3 it's db\n12 a-host-name-of-more-than-thirty.example.org\n",
    );
    expect(
      await text('-n', '-j', 'db', 'name', 'ip4.addr', 'persist', 'dying', 'allow.raw_sockets', 'meta'),
    ).to.equal('name=db ip4.addr= persist nodying allow.noraw_sockets meta=""\n');
    expect(await text('-q', '-j3', 'path', 'host.hostname', 'ip6.addr')).to.equal(
      '"/jails/d b" "it\'s db" ""\n',
    );
    expect(await text('-nq', '-j3', 'path', 'ip6.addr')).to.equal('path="/jails/d b" ip6.addr=""\n');
  });

  it('shows all parameters in the order of jls(8)', async () => {
    const line = await text('-n', '-j', 'web');
    expect(line).to.equal(
      'devfs_ruleset=0 nodying enforce_statfs=1 env="" host=new ip4=new ip6=new jid=12 meta="" name=web osreldate=0 ' +
        `osrelease=${release()} parent=0 path=/jails/web persist securelevel=-1 sysvmsg=new sysvsem=new sysvshm=new ` +
        'vnet=new allow.noadjtime allow.nochflags allow.noextattr allow.nomlock allow.nomount allow.mount.nodevfs ' +
        'allow.mount.nofdescfs allow.mount.nolinprocfs allow.mount.nolinsysfs allow.mount.nonullfs ' +
        'allow.mount.noprocfs allow.mount.notmpfs allow.mount.nozfs allow.nonfsd allow.noquotas allow.raw_sockets ' +
        'allow.noread_msgbuf allow.reserved_ports allow.norouting allow.noset_hostname allow.nosetaudit ' +
        'allow.nosettime allow.nosocket_af allow.suser allow.nosysvipc allow.nounprivileged_parent_tampering ' +
        'allow.unprivileged_proc_debug children.cur=0 children.max=0 cpuset.id=12 host.domainname="" host.hostid=0 ' +
        'host.hostname=a-host-name-of-more-than-thirty.example.org ' +
        'host.hostuuid=00000000-0000-0000-0000-000000000000 ip4.addr=192.0.2.100,192.0.2.101 ip4.saddrsel ' +
        'ip6.addr=2001:db8::1 ip6.saddrsel\n',
    );
    const names = (await text('-h', '-j', 'web')).split('\n')[0]?.split(' ') ?? [];
    const dotted = names.findIndex((name) => name.includes('.'));
    for (const group of [names.slice(0, dotted), names.slice(dotted)])
      expect(group).to.deep.equal([...group].sort());
    expect(await text('-n', '-j', 'web', 'all')).to.equal(line);
  });

  it('shows with -s what jail(8) can set, and nothing of a network that is not its own', async () => {
    const line = await text('-s', '-j', 'db');
    expect(line).to.include('persist').and.include('host.hostname="it\'s db"').and.include('jid=3');
    for (const hidden of ['dying', ' parent=', 'cpuset.id', 'children.cur', 'ip4.addr', 'ip6.saddrsel'])
      expect(line).not.to.include(hidden);
  });

  it('knows the parameters of jail.conf that FreeBSD lacks too', async () => {
    expect(await text('-j', 'web', '-n', 'memory.max')).to.equal('memory.max=512M\n');
    expect(await text('-n', 'name', 'isolate', 'nat', 'rdr')).to.equal(
      'name=db isolate="" nat="" rdr=""\nname=web isolate nat=true rdr=tcp 8080 80,udp 53 53\n',
    );
    expect(await text('-s', '-j', 'web', 'rdr')).to.equal('rdr="tcp 8080 80,udp 53 53"\n');
  });

  it('writes JSON as libxo does', async () => {
    expect(await text('--libxo=json', '-j', 'db', 'jid', 'name', 'persist', 'ip4.addr', 'path')).to.equal(
      '{"__version": "2", "jail-information": {"jail": [{"jid":"3","name":"db","persist":"true", "ip4.addr": [],"path":"/jails/d b"}]}}\n',
    );
    expect(await text('--libxo', 'json')).to.equal(
      '{"__version": "2", "jail-information": {"jail": [' +
        '{"jid":3,"ipv4":"","hostname":"it\'s db","path":"/jails/d b"}, ' +
        '{"jid":12,"ipv4":"192.0.2.100","hostname":"a-host-name-of-more-than-thirty.example.org","path":"/jails/web"}]}}\n',
    );
    expect(await text('-v', '--libxo:J', '-j', '12')).to.equal(
      '{"__version": "2", "jail-information": {"jail": [{"jid":12,' +
        '"hostname":"a-host-name-of-more-than-thirty.example.org","path":"/jails/web","name":"web","state":"ACTIVE",' +
        '"cpusetid":12, "ipv4_addrs": ["192.0.2.100","192.0.2.101"], "ipv6_addrs": ["2001:db8::1"]}]}}\n',
    );
    const pretty = await text('--libxo', 'json,pretty', 'name');
    expect(JSON.parse(pretty)).to.deep.equal({
      __version: '2',
      'jail-information': { jail: [{ name: 'db' }, { name: 'web' }] },
    });
    expect(pretty).to.match(/^\{\n {2}"__version": "2",\n/);
  });

  it('finds one jail by number or name, and -c says no more than whether it is there', async () => {
    expect((await jls('-j', '12', 'name')).out).to.equal('web\n');
    expect(await jls('-j', 'idle')).to.deep.equal({
      out: '',
      err: 'jls: jail "idle" not found\n',
      result: { exit: 1 },
    });
    expect((await jls('-j', 'old')).result).to.deep.equal({ exit: 1 });
    expect((await jls('-d', '-j', 'old')).result).to.deep.equal({ exit: 0 });
    expect(await jls('-c', '-j', 'web')).to.deep.equal({ out: '', err: '', result: { exit: 0 } });
    expect(await jls('-cj', 'idle')).to.deep.equal({ out: '', err: '', result: { exit: 1 } });
  });

  it('ends with 1 for what it does not know', async () => {
    expect((await jls('no.such')).err).to.equal('jls: unknown parameter: no.such\n');
    expect((await jls('-x')).err).to.match(/^usage: jls /);
    expect((await jls('--libxo=xml')).err).to.equal('jls: only --libxo json is known, not "xml"\n');
  });
});
