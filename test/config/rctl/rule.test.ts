import { expect } from 'chai';
import type { JailParams } from '../../../src/config/params.js';
import { impossibility } from '../../../src/config/rctl/possible.js';
import { resourceOf, resources, isResourceName } from '../../../src/config/rctl/resources.js';
import { readRule, ruleText } from '../../../src/config/rctl/rule.js';

/** The rule as it is kept; what is wrong with it, and the part that is wrong, in brackets. */
function read(text: string): unknown {
  const reading = readRule(text);
  if (reading.ok) return { ...reading.value.rule, subject: reading.value.subject };
  const { message, hint, start, end } = reading;
  return `[${text.slice(start, end)}] ${message}; ${hint ?? ''}`;
}

describe('a rule of rctl(8)', () => {
  it('has a resource, an action and an amount', () => {
    expect(read('memoryuse:deny=512m')).to.deep.equal({
      ...{ resource: 'memoryuse', action: 'deny', amount: 536_870_912, per: 'jail', subject: 'jail' },
    });
  });

  it('may name its subject, and what has the amount, in full or by a letter', () => {
    const rule = { resource: 'openfiles', action: 'deny', amount: 10, per: 'process' };
    expect(read('jail:a.b:openfiles:deny=10/process')).to.deep.equal({
      ...rule,
      jail: 'a.b',
      subject: 'jail',
    });
    expect(read('j:web:OpenFiles:DENY=10/p')).to.deep.equal({ ...rule, jail: 'web', subject: 'jail' });
    expect(read('user:www:openfiles:deny=10/process')).to.deep.equal({ ...rule, subject: 'user' });
    expect(read('loginclass:daemon:openfiles:deny=10')).to.deep.include({ per: 'loginclass' });
  });

  const amounts: readonly (readonly [text: string, amount: number])[] = [
    ['0', 0],
    ['1k', 1024],
    ['1K', 1024],
    ['3m', 3 * 2 ** 20],
    ['1.5g', 1.5 * 2 ** 30],
    ['2t', 2 * 2 ** 40],
    ['1p', 2 ** 50],
    ['1e', 2 ** 60],
    ['64kb', 65_536],
  ];
  for (const [text, amount] of amounts)
    it(`counts ${text} as ${amount}`, () => {
      expect(read(`memoryuse:deny=${text}`)).to.deep.include({ amount });
    });

  const refused: readonly (readonly [text: string, answer: string])[] = [
    ['', '[] "" is not an rctl rule; write RESOURCE:ACTION=AMOUNT, such as memoryuse:deny=512m'],
    [
      'memoryuse',
      '[memoryuse] "memoryuse" is not an rctl rule; write RESOURCE:ACTION=AMOUNT, such as memoryuse:deny=512m',
    ],
    ['memoryuse:deny', '[deny] the rule has no amount; write deny=AMOUNT'],
    ['memoryuse:deny=', '[deny] the rule has no amount; write deny=AMOUNT'],
    ['memoryus:deny=1g', '[memoryus] "memoryus" is not a resource; did you mean "memoryuse"?'],
    ['memoryuse:dny=1g', '[dny] "dny" is not an action; did you mean "deny"?'],
    ['memoryuse:sigtrm=1g', '[sigtrm] "sigtrm" is not an action; did you mean "sigterm"?'],
    ['memoryuse:deny=huge', '[huge] "huge" is not an amount; write a number (bytes), also 512m or 2g'],
    ['pcpu:deny=50%', '[50%] "50%" is not an amount; write a number (percent of one CPU), also 512m or 2g'],
    ['memoryuse:deny=9e', '[9e] "9e" is too large; leave the rule out for no limit'],
    ['memoryuse:deny=1g/jial', '[jial] "jial" has no amount; write /jail or /process, or nothing'],
    ['jial:web:memoryuse:deny=1g', '[jial] "jial" has no rules; did you mean "jail"?'],
    ['jail::memoryuse:deny=1g', '[jail] "jail" needs a name; write jail:NAME:…'],
    ['cputime:deny=60', '[deny] cputime has no action deny; a signal, log or devctl can be used'],
    [
      'wallclock:throttle=60',
      '[throttle] wallclock has no action throttle; a signal, log or devctl can be used',
    ],
    ['readbps:deny=1m', '[deny] readbps has no action deny; write readbps:throttle='],
    ['memoryuse:throttle=1m', '[throttle] memoryuse has no action throttle; write memoryuse:deny='],
  ];
  for (const [text, answer] of refused)
    it(`is not ${text === '' ? 'nothing' : text}`, () => {
      expect(read(text)).to.equal(answer);
    });

  it('is written with the largest unit that is exact', () => {
    const again = (text: string): string => {
      const reading = readRule(text);
      return reading.ok ? ruleText(reading.value.rule) : reading.message;
    };
    const texts = [
      'memoryuse:deny=1536k',
      'memoryuse:deny=1g',
      'maxproc:deny=1024',
      'openfiles:log=5/process',
    ];
    expect(texts.map(again)).to.deep.equal(['memoryuse:deny=1536k', ...texts.slice(1)]);
    expect(again('jail:x:readbps:throttle=1000000')).to.equal('readbps:throttle=1000000');
    expect(again('swapuse:deny=0')).to.equal('swapuse:deny=0');
  });
});

describe('a rule on Linux', () => {
  const verdict = (text: string, values: JailParams = {}): string => {
    const reading = readRule(text);
    if (!reading.ok) return 'misread';
    const found = impossibility(reading.value.rule, values);
    return found === null ? 'kept' : `${found.severity}: ${found.message}`;
  };

  it('is kept for every limit but that of queued messages', () => {
    const names = Object.keys(resources).filter(isResourceName);
    const limits = names.flatMap((name) => {
      const { limit } = resourceOf(name);
      return limit === null ? [] : [`${name}:${limit}=10`];
    });
    expect(limits.filter((text) => verdict(text) !== 'kept')).to.deep.equal(['msgqqueued:deny=10']);
    expect(verdict('msgqqueued:deny=10')).to.equal('error: msgqqueued:deny cannot be kept on Linux');
  });

  it('is a mistake where it would limit and cannot, a warning where it would only tell', () => {
    expect(
      ['memoryuse:log=1', 'memoryuse:devctl=1', 'memoryuse:sigusr1=1'].map((text) => verdict(text)),
    ).to.deep.equal([...['kept', 'kept', 'kept']]);
    const why = 'does nothing here: what a jail uses of nshm cannot be measured';
    expect(verdict('nshm:log=1')).to.equal(`warning: nshm:log ${why}`);
    expect(verdict('nshm:devctl=1')).to.equal(`warning: nshm:devctl ${why}`);
    expect(verdict('nshm:sigterm=1')).to.equal(`error: nshm:sigterm ${why}`);
    expect(verdict('memoryuse:siginfo=1')).to.equal('error: Linux has no SIGINFO');
  });

  it('about System V IPC needs that of the jail', () => {
    expect(verdict('nshm:deny=1', { sysvsem: 'inherit' })).to.equal(
      'error: nshm:deny cannot be kept in the System V IPC of the host',
    );
    expect(verdict('nshm:deny=1', { sysvsem: 'new' })).to.equal('kept');
    expect(verdict('maxproc:deny=1', { sysvsem: 'inherit' })).to.equal('kept');
  });

  it('may be about each process where setrlimit(2) has it', () => {
    expect(
      ['openfiles:deny=9/process', 'vmemoryuse:deny=1g/process'].map((text) => verdict(text)),
    ).to.deep.equal(['kept', 'kept']);
    expect(verdict('memoryuse:deny=1g/process')).to.equal(
      'error: memoryuse:deny cannot be kept for each process',
    );
    expect(verdict('maxproc:deny=9/user')).to.equal('error: maxproc:deny cannot be kept for each user');
    expect(verdict('memoryuse:sigkill=1g/process')).to.equal(
      'error: memoryuse:sigkill does nothing for each process',
    );
  });
});
