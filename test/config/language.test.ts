import { expect } from 'chai';
import { compileText } from '../support/compile-text.js';

type Params = Readonly<Record<string, readonly string[] | null>>;

/** The parameters of each jail of a text, without its name, in the order of first mention. */
const jailsOf = (text: string): Readonly<Record<string, Params>> =>
  Object.fromEntries(
    compileText(text).jails.map(({ name, params }) => [
      name,
      Object.fromEntries([...params].filter(([param]) => param !== 'name')),
    ]),
  );
const bodyOf = (body: string): Params | undefined => jailsOf(`x { ${body} }`)['x'];

describe('a word', () => {
  const words: readonly [title: string, written: string, value: string][] = [
    ['may have any of the signs that need no quotes', '_!%&()-.:<>?@[]^`|~', '_!%&()-.:<>?@[]^`|~'],
    ['may have stars, slashes and a lone plus', '/a*b+c*', '/a*b+c*'],
    ['may begin with a plus', '+x', '+x'],
    ['may be a star', '*', '*'],
    ['may be an address with its interface', 'lo1|10.0.0.1/32', 'lo1|10.0.0.1/32'],
    ['may be an IPv6 address', 'fe80::1%lo0/64', 'fe80::1%lo0/64'],
    ['may be a dollar sign', '$', '$'],
    ['keeps a dollar sign before a digit', '$1a', '$1a'],
    ['keeps a dollar sign before a sign', '"$(a) $? $! $- $$ $"', '$(a) $? $! $- $$ $'],
    ['keeps an escaped dollar sign', String.raw`"\$name \${name}"`, '$name ${name}'],
    ['keeps an escaped dollar sign outside quotes', String.raw`\$name`, '$name'],
    ['keeps variables in single quotes as they are', "'$name ${name}'", '$name ${name}'],
    ['reads escapes in single quotes', String.raw`'a\tb\'c\\n'`, "a\tb'c\\n"],
    ['reads escapes outside quotes', String.raw`a\tb\ c\;d\{e`, 'a\tb c;d{e'],
    ['reads all letters of escapes', String.raw`"\a\b\f\n\r\t\v"`, '\x07\b\f\n\r\t\v'],
    ['reads an unknown escape as its character', String.raw`"\q\"\'\8\9"`, 'q"\'89'],
    ['reads up to three octal digits', String.raw`"\7\101\1011"`, '\x07AA1'],
    ['reads up to two hexadecimal digits', String.raw`"\x4\x41\x411"`, '\x04AA1'],
    ['reads hexadecimal digits of both cases', String.raw`"\x4a\x4A"`, 'JJ'],
    ['reads bytes of UTF-8 outside quotes', String.raw`\303\274`, 'ü'],
    ['joins lines in quotes', '"a\\\n  b"', 'a  b'],
    ['joins lines outside quotes', 'a\\\nb', 'ab'],
    ['joins lines that end as on Windows', '"a\\\r\nb"', 'ab'],
    ['keeps ends of lines in quotes', '"a\n\nb"', 'a\n\nb'],
    ['is joined from all its pieces', `a"b"'c'$name"\${name}"d`, 'abcxxd'],
    ['goes on after empty quotes', `a""''b`, 'ab'],
    ['ends a name of a variable at a dot', '"$name.example.org"', 'x.example.org'],
    ['ends a name of a variable at a hyphen', '"$name-1"', 'x-1'],
    ['has names of variables in braces where letters follow', '"${name}1"', 'x1'],
    ['keeps comment signs in quotes', `"a#b"'//c/*d*/'`, 'a#b//c/*d*/'],
    ['may have UTF-8 in quotes', '"über"', 'über'],
  ];
  for (const [title, written, value] of words)
    it(title, () => expect(bodyOf(`meta = ${written};`)).to.deep.equal({ meta: [value] }));

  it('ends at a comment', () => {
    expect(bodyOf('a = b#c\n; d = e//f\n; g = h/*i*/; j = k /* l */ ;')).to.deep.equal({
      a: ['b'],
      d: ['e'],
      g: ['h'],
      j: ['k'],
    });
  });

  it('ends at punctuation', () => {
    expect(bodyOf('a=b,c;d=e;f+=g;')).to.deep.equal({ a: ['b', 'c'], d: ['e'], f: ['g'] });
  });
});

describe('a statement', () => {
  it('may be spread over lines', () => {
    expect(bodyOf('a\n=\nb\n,\nc\n;')).to.deep.equal({ a: ['b', 'c'] });
  });

  it('takes one value, or several, without a sign', () => {
    expect(bodyOf('vnet new; a "b", c;')).to.deep.equal({ vnet: ['new'], a: ['b', 'c'] });
  });

  it('may name its parameter in quotes or in pieces', () => {
    expect(bodyOf(`"a" = 1; 'b' = 2; c"d"'e' = 3;`)).to.deep.equal({ a: ['1'], b: ['2'], cde: ['3'] });
  });

  it('defines a variable in quotes and braces, too', () => {
    expect(bodyOf('"$a" = 1; ${b} = 2; "${c.d}" 3; e = "$a${b}${c.d}";')).to.deep.equal({ e: ['123'] });
  });

  it('tells nothing from blanks, line ends of Windows, comments and semicolons around it', () => {
    expect(jailsOf('\r\n;;\tx\r\n{\r\n;a\t=\r\n1 ; # c\r\n/* d\n*/ // e\n}\r\n;')).to.deep.equal({
      x: { a: ['1'] },
    });
  });
});

describe('a parameter', () => {
  it('is the same with "no" before its last component', () => {
    expect(
      bodyOf('allow.mount; allow.nomount; mount.nodevfs; mount.devfs; nopersist; persist;'),
    ).to.deep.equal({
      'allow.nomount': null,
      'mount.devfs': null,
      persist: null,
    });
  });

  it('is another one with "no" anywhere else', () => {
    expect(bodyOf('allow.mount.nozfs; noallow.mount.zfs; allow.nomount.zfs;')).to.deep.equal({
      'allow.mount.nozfs': null,
      'noallow.mount.zfs': null,
      'allow.nomount.zfs': null,
    });
  });

  it('drops its value when it is mentioned without one', () => {
    expect(bodyOf('a = 1, 2; a;')).to.deep.equal({ a: null });
    expect(jailsOf('a = 1; x { a; } y { }')).to.deep.equal({ x: { a: null }, y: { a: ['1'] } });
  });

  it('is set by += where nothing was, or nothing with a value', () => {
    expect(bodyOf('a += 1; b; b += 2; c += 3, 4; c += 5;')).to.deep.equal({
      a: ['1'],
      b: ['2'],
      c: ['3', '4', '5'],
    });
  });

  it('begins anew with = after +=', () => {
    expect(bodyOf('a = 1; a += 2; a = 3; a += 4;')).to.deep.equal({ a: ['3', '4'] });
  });

  it('takes the spelling of the last mention, also of +=', () => {
    expect(bodyOf('allow.mount = 1; allow.nomount += 2;')).to.deep.equal({ 'allow.nomount': ['1', '2'] });
  });

  it('tells an empty value from none', () => {
    expect(bodyOf(`a = ""; b; c = '', "";`)).to.deep.equal({ a: [''], b: null, c: ['', ''] });
  });

  it('stays where it was mentioned first', () => {
    expect(Object.keys(jailsOf('b = 1; a = 1; x { c = 1; a = 2; b = 2; }')['x'] ?? {})).to.deep.equal([
      'b',
      'a',
      'c',
    ]);
  });
});

describe('a boolean', () => {
  const cases: readonly [written: string, value: boolean][] = [
    ['persist;', true],
    ['nopersist;', false],
    ['persist = true;', true],
    ['persist = TRUE;', true],
    ['persist = False;', false],
    ['persist = 0;', false],
    ['persist = 1;', true],
    ['persist = 7;', true],
    ['persist = -1;', true],
    ['nopersist = true;', false],
    ['nopersist = false;', true],
    ['nopersist = 0;', true],
    ['persist = false, true;', true],
    ['mount.nodevfs = false;', true],
  ];
  for (const [written, value] of cases)
    it(`${written} is ${value}`, () => {
      const [jail] = compileText(`x { ${written} }`).jails;
      expect(jail?.values.persist ?? jail?.values['mount.devfs']).to.equal(value);
    });

  for (const wrong of ['yes', '""', '1.5', 'on', '0x1'])
    it(`cannot be ${wrong}`, () => {
      const { diagnostics } = compileText(`x { path = /p; persist = ${wrong}; }`);
      expect(diagnostics.map(({ code }) => code)).to.include('bad-value');
    });
});

describe('one of disable, new and inherit', () => {
  const cases: readonly [written: string, value: string][] = [
    ['vnet;', 'new'],
    ['vnet = "";', 'new'],
    ['vnet = NEW;', 'new'],
    ['vnet = 0;', 'disable'],
    ['vnet = 1;', 'new'],
    ['vnet = 2;', 'inherit'],
    ['vnet inherit;', 'inherit'],
    ['novnet;', 'disable'],
  ];
  for (const [written, value] of cases)
    it(`is ${value} as ${written}`, () => {
      expect(compileText(`x { ${written} }`).jails[0]?.values.vnet).to.equal(value);
    });
});

describe('a list', () => {
  it('is empty as "" and as -', () => {
    for (const empty of ['""', '-', "''"])
      expect(compileText(`x { ip4.addr = ${empty}; }`).jails[0]?.values['ip4.addr']).to.deep.equal([]);
  });

  it('in a variable may be extended by a block, and stands for its elements', () => {
    expect(jailsOf('$v = 1, 2; x { $v += 3; a = 0, $v, "$v"; } y { a = ${v}; }')).to.deep.equal({
      x: { a: ['0', '1', '2', '3', '1', '2', '3'] },
      y: { a: ['1', '2'] },
    });
  });

  it('goes through a variable of a variable', () => {
    expect(bodyOf('$v = 1, 2; $w = $v, 3; a = $w;')).to.deep.equal({ a: ['1', '2', '3'] });
  });

  for (const word of ['"$v "', 'a$v', '$v$v', '"$v$name"', '$v""x'])
    it(`cannot be a part of ${word}`, () => {
      const codes = compileText(`x { $v = 1, 2; a = ${word}; }`).diagnostics.map(({ code }) => code);
      expect(codes).to.include('array-inline');
    });
});

describe('a name of a jail', () => {
  it('is a number when it is one: 007 is jail 7', () => {
    const [jail] = compileText('007 { path = "/j/$name"; persist; }').jails;
    expect([jail?.name, jail?.values.jid, jail?.values.path]).to.deep.equal(['007', 7, '/j/007']);
  });

  it('may be set where the name is a number', () => {
    expect(jailsOf('101 { name = web; path = "/j/$name"; }')).to.deep.equal({
      '101': { jid: ['101'], path: ['/j/web'] },
    });
  });

  it('and a number may both be written, once', () => {
    const failed = (text: string) => compileText(text).jails.map((jail) => jail.failed);
    expect(
      failed('a { jid = 5; } b { jid = 6; jid = 6; } 7 { jid = 7; } 8 { name = c; name = c; }'),
    ).to.deep.equal([false, true, true, true]);
  });

  it('may have dots, and components of a number', () => {
    expect(Object.keys(jailsOf('a.b { } 1.2 { } a { 3 { } }'))).to.deep.equal(['a.b', '1.2', 'a', 'a.3']);
  });

  it('that has a star in a component is one jail, and told', () => {
    const { jails, diagnostics } = compileText(
      '"web*" { path = /p; persist; }\nweb1 { path = /p; persist; }',
    );
    expect([jails.map(({ name }) => name), diagnostics.map(({ code }) => code)]).to.deep.equal([
      ['web*', 'web1'],
      ['star-in-name'],
    ]);
  });
});

describe('what people write', () => {
  const idioms: readonly [title: string, text: string, jail: string, params: Params][] = [
    [
      'for a jail with vnet and an epair',
      `path = "/jails/$name"; exec.clean; mount.devfs;
       web { $id = 5; vnet; vnet.interface = "epair\${id}b";
         exec.prestart += "ifconfig epair\${id} create up"; exec.prestart += "ifconfig bridge0 addm epair\${id}a";
         exec.poststop = "ifconfig epair\${id}a destroy"; }`,
      'web',
      {
        path: ['/jails/web'],
        'exec.clean': null,
        'mount.devfs': null,
        vnet: null,
        'vnet.interface': ['epair5b'],
        'exec.prestart': ['ifconfig epair5 create up', 'ifconfig bridge0 addm epair5a'],
        'exec.poststop': ['ifconfig epair5a destroy'],
      },
    ],
    [
      'for addresses on an interface in a variable',
      '$if = lo1; ip4.addr = "$if|${ip}/32"; db { $ip = 10.0.0.2; ip4.addr += "$if|10.0.0.3"; }',
      'db',
      { 'ip4.addr': ['lo1|10.0.0.2/32', 'lo1|10.0.0.3'] },
    ],
    [
      'for the commands of rc, with a log',
      `exec.start = "/bin/sh /etc/rc"; exec.stop = "/bin/sh /etc/rc.shutdown jail";
       exec.consolelog = "/var/log/jail_\${name}_console.log"; a.b { host.hostname = "\${name}.example.org"; }`,
      'a.b',
      {
        'exec.start': ['/bin/sh /etc/rc'],
        'exec.stop': ['/bin/sh /etc/rc.shutdown jail'],
        'exec.consolelog': ['/var/log/jail_a.b_console.log'],
        'host.hostname': ['a.b.example.org'],
      },
    ],
    [
      'for a thin jail on a template, with its mounts',
      'x { path = /j/x; mount.fstab = "/etc/fstab.$name"; mount += "/base $path/.base nullfs ro 0 0"; mount += "tmpfs $path/tmp tmpfs rw,size=64m 0 0"; }',
      'x',
      {
        path: ['/j/x'],
        'mount.fstab': ['/etc/fstab.x'],
        mount: ['/base /j/x/.base nullfs ro 0 0', 'tmpfs /j/x/tmp tmpfs rw,size=64m 0 0'],
      },
    ],
    [
      'for a shell in a command',
      `x { exec.poststart = "test -d $path && { echo '\\$HOME' > /tmp/a; } || exit 1"; path = /p; }`,
      'x',
      { 'exec.poststart': [`test -d /p && { echo '$HOME' > /tmp/a; } || exit 1`], path: ['/p'] },
    ],
    [
      'for a jail that undoes a global',
      `exec.start = a; mount.devfs; allow.raw_sockets; x { exec.start = ''; mount.nodevfs; allow.noraw_sockets; }`,
      'x',
      { 'exec.start': [''], 'mount.nodevfs': null, 'allow.noraw_sockets': null },
    ],
  ];
  for (const [title, text, jail, params] of idioms)
    it(`${title} means the same`, () => expect(jailsOf(text)[jail]).to.deep.equal(params));
});
