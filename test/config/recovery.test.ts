import { expect } from 'chai';
import { codes, compileText } from '../support/compile-text.js';

const errorsOf = (text: string): readonly string[] =>
  codes(compileText(text).diagnostics.filter(({ severity }) => severity === 'error'));

/** LINE:COLUMN of the first note. */
const noteOf = (text: string): string => {
  const [note] = compileText(text).diagnostics.flatMap(({ notes }) => notes ?? []);
  return `${note?.span.line}:${note?.span.column}`;
};

const hintOf = (text: string): string | undefined => compileText(text).diagnostics.at(0)?.hint;

describe('one mistake of syntax', () => {
  const mistakes: readonly [
    title: string,
    text: string,
    found: readonly string[],
    hint: string | undefined,
  ][] = [
    [
      'is a semicolon that is missing',
      'x { path = /p\npersist; }',
      ['2:1 syntax-error'],
      'end "path" on line 1 with ";"',
    ],
    [
      'is a semicolon that is missing on one line',
      'x { path = /p persist; }',
      ['1:15 syntax-error'],
      'end "path" on line 1 with ";"',
    ],
    [
      'is a semicolon that is missing after a name alone',
      'x { persist\npath = /p; }',
      ['2:1 syntax-error'],
      'end "persist" on line 1 with ";"',
    ],
    [
      'is a semicolon that is missing before a block',
      'persist\nx { path = /p; }',
      ['2:1 syntax-error'],
      'end "persist" on line 1 with ";"',
    ],
    [
      'is a semicolon in a comment',
      'x { path = /usr//local;\npersist; }',
      ['2:1 syntax-error'],
      'quote the value of "path", if no comment is meant',
    ],
    [
      'is a command without quotes',
      'x { path = /p; exec.start = /bin/sh -c a; }',
      ['1:37 syntax-error'],
      'quote "/bin/sh -c a", or put commas between several values',
    ],
    [
      'is a comma that is missing between values on two lines',
      'x { path = /p; mount = "/a /b nullfs"\n"/c /d nullfs"; persist; }',
      ['2:1 syntax-error'],
      'several values have commas between them',
    ],
    [
      'is a comma instead of a semicolon',
      'x { path = /p,\nexec.start = a; }',
      ['2:12 syntax-error'],
      'write ";" instead of "," before "exec.start"',
    ],
    [
      'is a variable with a dot and without braces',
      'x { path = /p; persist; $a.b = 1; }',
      ['1:25 syntax-error'],
      'a dot ends the name of a variable: write ${a.b}',
    ],
    ['is a condition', 'x { path = /p; persist; if ($name) { auto; } }', ['1:36 syntax-error'], undefined],
    [
      'is a value that is missing',
      'x { path = ; persist; }',
      ['1:12 syntax-error'],
      'write one; "" is an empty one',
    ],
    [
      'is a comma too many',
      'x { path = /p; persist; ip4.addr = 10.0.0.1, ; }',
      ['1:46 syntax-error'],
      'write one, or remove the comma',
    ],
    [
      'is a name that is missing',
      'x { path = /p; persist; = a; }',
      ['1:25 syntax-error'],
      'write NAME = VALUE;',
    ],
    ['is two signs', 'x { path == /p; persist; }', ['1:11 syntax-error'], 'write one "=" or "+="'],
    ['is two signs apart', 'x { path = = /p; persist; }', ['1:12 syntax-error'], 'write one "=" or "+="'],
    ['is := for =', 'x { path := /p; persist; }', ['1:10 syntax-error'], 'write "="'],
    ['is : for =', 'x { path : /p; persist; }', ['1:10 syntax-error'], 'write "="'],
    ['is -> for =', 'x { path -> /p; persist; }', ['1:10 syntax-error'], 'write "="'],
    ['is =+ for +=', 'x { path =+ /p; persist; }', ['1:11 syntax-error'], 'write "="'],
    ['is a word before a parameter', 'set path = /p; x { persist; }', ['1:10 syntax-error'], 'remove "set"'],
    [
      'is a word before the name of a block',
      'jail x { path = /p; persist; }',
      ['1:8 syntax-error'],
      'write x {',
    ],
    ['is a sign before a block', 'x = { path = /p; persist; }', ['1:5 syntax-error'], 'write x { ... }'],
    [
      'is a block for a list',
      'x { path = /p; persist; ip4.addr = { a; b }; }',
      ['1:36 syntax-error'],
      'write ip4.addr = VALUE, VALUE...;',
    ],
    ['is a block without a name', '{ path = /p; persist; }', ['1:1 syntax-error'], 'write NAME { ... }'],
    [
      'is a brace that is missing',
      'x\n path = /p;\n persist;\n}\ny { path = /p; persist; }',
      ['2:2 syntax-error'],
      'write x {',
    ],
    [
      'is a brace too many',
      'x { path = /p; persist; } }\ny { path = /p; persist; }',
      ['1:27 syntax-error'],
      'remove it, or a "}" too many in "x" above',
    ],
    ['is a block without an end', 'x { path = /p; persist;', ['1:24 unexpected-end'], 'close it with "}"'],
    [
      'is a block without an end before the next one',
      'x {\n path = /p; persist;\n\ny {\n path = /p; persist;\n}\n',
      ['7:1 unexpected-end'],
      'a "}" seems to be missing above line 4, before "y"',
    ],
    [
      'is a file of JSON',
      '{\n "web": {\n  "path": "/p",\n  "persist": true\n }\n}',
      ['1:1 syntax-error'],
      'write NAME { PARAMETER = "VALUE"; }',
    ],
    [
      'is a file in the way of ini',
      '[web]\npath = /p\npersist = true\n',
      ['1:1 syntax-error'],
      'write web { ... }',
    ],
    [
      'is a pair of typographic quotes',
      'x { path = “/p”; persist; }',
      ['1:12 unexpected-character'],
      'write "/p"',
    ],
    [
      'is a variable without its brace',
      'x { path = "${name"; persist; }',
      ['1:13 unterminated-variable'],
      'write ${NAME}, or \\$ for a dollar sign',
    ],
    [
      'is a name with a variable in it',
      'x { pa$th = /p; path = /p; persist; }',
      ['1:5 syntax-error'],
      'variables stand in values only',
    ],
  ];
  for (const [title, text, found, hint] of mistakes)
    it(title, () => expect({ found: errorsOf(text), hint: hintOf(text) }).to.deep.equal({ found, hint }));

  it('is a quote that is missing, told with the line it is missing on', () => {
    const text =
      'x {\n path = "/p;\n exec.start = "/bin/sh /etc/rc";\n}\ny { path = /p; persist; memory.max = huge; }';
    expect(errorsOf(text)).to.deep.equal(['3:24 unterminated-string', '5:38 bad-value']);
    expect([noteOf(text), hintOf(text)]).to.deep.equal(['2:9', 'close it with " on line 2']);
  });

  it('is a quote that is missing before the word', () => {
    const text = "x {\n exec.start = /bin/sh /etc/rc';\n path = /p;\n}\n";
    expect(errorsOf(text)).to.deep.equal(['2:23 unterminated-string']);
  });

  it('shows the comment that a semicolon is in', () => {
    expect(noteOf('x { path = /usr//local;\npersist; }')).to.equal('1:16');
    expect(noteOf('x { path = /p # here;\npersist; }')).to.equal('1:15');
  });
});

const GOOD = `# two jails and one below
$base = "/jails";
path = "$base/$name";
exec.start = "/bin/sh /etc/rc";
exec.stop = '/bin/sh /etc/rc.shutdown';

web {
	$ip = 10.0.0.1;
	ip4.addr = "lo1|$ip/32", "10.0.0.3";
	exec.prestart = "echo a; echo b", "touch $path/x";
	depend = db;
	persist;
}

db {
	host.hostname = "db.example.org";
	persist = true;
	mount += "/data $path/data nullfs rw 0 0";
	main {
		host.hostname = main;
	}
}
`;

describe('one character that is missing from a good file', () => {
  const without = (at: number): string => GOOD.slice(0, at) + GOOD.slice(at + 1);
  const placesOf = (character: string): readonly number[] =>
    [...GOOD].flatMap((c, at) => (c === character ? [at] : []));

  it('is there to be missed', () => expect(errorsOf(GOOD)).to.deep.equal([]));
  for (const character of [';', '"', "'", '{', '}', ',', '='])
    it(`is told in at most one message: ${character}`, () => {
      const crowded = placesOf(character).filter((at) => errorsOf(without(at)).length > 1);
      expect(crowded.map((at) => without(at).slice(at - 20, at + 20))).to.deep.equal([]);
    });
});

describe('a comment in the middle of a word', () => {
  const warned = (text: string): readonly string[] =>
    codes(compileText(text).diagnostics.filter(({ code }) => code === 'comment-in-word'));

  it('is told where it begins, though it is legal', () => {
    expect(warned('x { path = /usr//local;\n; }')).to.deep.equal(['1:16 comment-in-word']);
    expect(warned('x { path = /a/*b*/; }')).to.deep.equal(['1:14 comment-in-word']);
    expect(warned('x { path = /a#b\n; }')).to.deep.equal(['1:14 comment-in-word']);
  });

  it('is nothing to tell after quotes and blanks, or when it looks like one', () => {
    expect(warned('x { path = "/a"// b\n; persist /* c */; meta = d# e\n; }')).to.deep.equal([]);
  });

  it('does not keep the file from being used', () => {
    expect(compileText('x { path = /usr//local;\n; persist; }').ok).to.equal(true);
  });
});

describe('a mistake in a value', () => {
  const places = (text: string): readonly string[] =>
    compileText(text).diagnostics.flatMap(({ span }) =>
      span === null
        ? []
        : [text.split('\n')[span.line - 1]?.slice(span.column - 1, span.column - 1 + span.length) ?? ''],
    );
  const cases: readonly [what: string, body: string, words: readonly string[]][] = [
    ['in one element of a list', 'ip4.addr = 10.0.0.1, 10.0.0.300, 10.0.0.2;', ['10.0.0.300']],
    [
      'in several elements of a list',
      'ip4.addr = 10.0.0.300, 10.0.0.1, 10.0.0.400;',
      ['10.0.0.300', '10.0.0.400'],
    ],
    ['in a part of an element', 'ip4.addr = "lo1|10.0.0.1/33";', ['/33']],
    ['in a word of a line of fstab', 'mount = "/a /b nullfs rw 0 0", "/c d nullfs rw";', ['d']],
    ['in a variable', '$ip = 10.0.0.300; ip4.addr = "lo1|$ip/24";', ['$ip']],
    [
      'in an element after a variable that is a list',
      '$l = 10.0.0.1, 10.0.0.2; ip4.addr = $l, 10.0.0.300;',
      ['10.0.0.300'],
    ],
    ['in the name of a jail it depends on', 'depend = x, nosuch, x;', ['depend', 'nosuch']],
    ['in a variable that is not there', 'host.hostname = "a${nosuch}b";', ['${nosuch}']],
  ];
  for (const [what, body, words] of cases)
    it(`${what} is told under that`, () => {
      expect(places(`x { path = /p; persist; ${body} }`)).to.have.members(words);
    });

  it('that comes from a variable shows where the variable is set', () => {
    expect(noteOf('$ip = 10.0.0.300;\nx { path = /p; persist; ip4.addr = "lo1|$ip"; }')).to.equal('1:7');
  });

  it('that comes from a variable with a list shows the element of it', () => {
    const text = '$ips = 10.0.0.300, 10.0.0.1;\nx { path = /p; persist; ip4.addr = $ips; }';
    expect(noteOf(text)).to.equal('1:8');
  });

  it('is told once when its variable is not there either', () => {
    expect(errorsOf('x { path = /p; persist; ip4.addr = "lo1|$ip"; }')).to.deep.equal([
      '1:41 undefined-variable',
    ]);
  });

  it('is told once for all jails that a global makes it in', () => {
    const { diagnostics } = compileText('path = "j/$name"; persist; a { } b { } c { }');
    expect(diagnostics.map(({ message }) => message)).to.deep.equal([
      'path: "j/a" is not an absolute path, and 2 more like it',
    ]);
  });

  const hints: readonly [written: string, hint: string][] = [
    ['exec.strat = a;', 'did you mean "exec.start"?'],
    ['exec_start = a;', 'did you mean "exec.start"?'],
    ['Exec.Start = a;', 'did you mean "exec.start"?'],
    ['presist;', 'did you mean "persist"?'],
    ['path: /p;', 'did you mean "path"?'],
    ['hostname = a;', 'did you mean "host.hostname"?'],
    ['allow.raw_socket;', 'did you mean "allow.raw_sockets"?'],
    ['include "a";', 'write .include "FILE";'],
    ['.include = "a";', 'write .include "FILE";'],
    ['me = a; meta = "${me}";', 'write $me to define a variable'],
    ['$nic = a; meta = "$nci$nic";', 'did you mean $nic?'],
    ['$IP = a; meta = "$ip$IP";', 'did you mean $IP?'],
    ['restart = on_failure;', 'did you mean "on-failure"? It is one of no, on-failure, on-abnormal, always'],
    [
      'allow.nomount = 1; meta = "${allow.mount}";',
      'it is written "allow.nomount" here, and found by that spelling alone',
    ],
    [
      'persist = 1; meta = "${nosuch.thing}";',
      'define it: ${nosuch.thing} = VALUE; or write \\$ for a dollar sign',
    ],
    ['${net.nic} = a; meta = "${net.nci}";', 'did you mean ${net.nic}?'],
    ['noexec.clean;', 'did you mean "exec.noclean"?'],
    ['noallow.mount;', 'did you mean "allow.nomount"?'],
    ['meta = "$jid";', 'set the parameter: jid = VALUE;'],
    ['exec.start + = "a";', 'write "+="'],
    ['jid = 5; jid = 6;', 'write it once'],
    ['name = y;', 'the name of the block is the name'],
    ['depend = X;', 'did you mean "x"?'],
    ['caps.add = cap_net_amdin;', 'did you mean "net_admin"?'],
  ];
  for (const [written, hint] of hints)
    it(`in ${written} has the hint: ${hint}`, () => {
      const { diagnostics } = compileText(`x { ${written} }`);
      expect(diagnostics.map((one) => one.hint)).to.include(hint);
    });

  it('in a short name has no hint when nothing of it is right', () => {
    const { diagnostics } = compileText('x { path = /p; persist; depend = "*"; }');
    expect(diagnostics.map(({ hint }) => hint)).to.deep.equal([undefined]);
  });

  it('in a line of .include is told alone, and not as an unknown parameter', () => {
    expect(errorsOf('.include a.conf b.conf;')).to.deep.equal(['1:17 syntax-error']);
  });

  it('in a number set twice has a hint that tells of the name of the block', () => {
    const { diagnostics } = compileText('7 { path = /p; persist; jid = 7; }');
    expect(diagnostics.map(({ hint }) => hint)).to.deep.equal(['the name of the block is the jid']);
  });

  it('in the name of a parameter is not told as its absence, too', () => {
    expect(errorsOf('x { paht = /p; presist; }')).to.deep.equal([
      '1:5 unknown-parameter',
      '1:16 unknown-parameter',
    ]);
  });
});

describe('a wildcard block or globals that cover no jail', () => {
  it('are checked all the same', () => {
    const text =
      '"a.*" { exec.strat = x; memory.max = huge; ip4.addr = $nosuch; $path = y; }\nx { path = /p; persist; }';
    const found = codes(compileText(text).diagnostics);
    expect(found).to.include.members([
      '1:9 unknown-parameter',
      '1:38 bad-value',
      '1:55 undefined-variable',
      '1:64 variable-named-like-parameter',
    ]);
  });

  it('may use what the jails that they are for will define', () => {
    const { ok, diagnostics } = compileText(
      'path = "/j/$name"; ip4.addr = "$ip/24"; exec.start = "$path/x";',
    );
    expect({ ok, found: diagnostics.map(({ severity, code }) => `${severity} ${code}`) }).to.deep.equal({
      ok: true,
      found: ['warning undefined-variable'],
    });
  });
});

describe('a variable', () => {
  it('that nothing uses is told at its first definition', () => {
    const { diagnostics } = compileText(
      '$a = 1; path = /p; persist;\nx { $a = 2; $b = 3; host.hostname = "h$b"; }',
    );
    expect(codes(diagnostics)).to.deep.equal(['1:1 unused-variable']);
  });

  it('is used when another file uses it', () => {
    const text = '$a = 1; x { .include "in.conf"; }';
    expect(compileText(text, { 'in.conf': 'path = "/$a"; persist;' }).diagnostics).to.deep.equal([]);
  });
});
