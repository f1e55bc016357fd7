import { expect } from 'chai';
import { compiled, jail, Stage } from '../support/stage.js';

/** The command `hook` of a jail is under way; gives the id of a process that it has begun. */
async function during(stage: Stage, name: string, hook: string): Promise<number> {
  stage.host.slow.set(`hook.run ${hook}`, new Promise(() => undefined));
  void stage.supervisor.start([name]);
  await stage.pass(0);
  return (stage.host.hooks.get(hook) ?? 0) + 1;
}

const refusal = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as Error).message,
  );
const OWN = 'web: a command that web waits for would wait for web';

describe('a command on the host that asks jaild', () => {
  const stage = (): Stage =>
    new Stage(
      [
        jail('web', { 'exec.prestart': ['web-hook'] }),
        jail('shop', { depend: ['web'], 'exec.prestart': ['shop-hook'] }),
        jail('db', { 'exec.prestart': ['db-hook'] }),
      ],
      { parallel: 1 },
    );

  it('is refused at once what it would wait for in vain: its own jail, what depends on it, and everything', async () => {
    const one = stage();
    const asking = one.supervisor.behalfOf(await during(one, 'web', 'web-hook'));
    const answers = await Promise.all(
      [
        asking.start(['web']),
        asking.stop(['web']),
        asking.restart(['web', 'db']),
        asking.start(['shop']),
        asking.change('web', (same) => same, { restart: true }),
        asking.shutdown(),
      ].map(refusal),
    );
    expect(new Set(answers)).to.deep.equal(new Set([OWN]));
    expect([one.state('web'), one.state('shop'), one.state('db')]).to.deep.equal([
      'preparing',
      'stopped',
      'stopped',
    ]);
  });

  it('is told all there is, and may have others started, though its own jail has the only place', async () => {
    const one = stage();
    const asking = one.supervisor.behalfOf(await during(one, 'web', 'web-hook'));
    expect(asking.status(['web']).map(({ state }) => state)).to.deep.equal(['preparing']);
    expect(asking.configuration).to.equal(one.supervisor.configuration);
    expect((await asking.start(['db']))[0]).to.deep.include({ jail: 'db', ok: true });
    expect((await asking.stop(['db']))[0]).to.deep.include({ jail: 'db', ok: true });
  });

  it('may have the files read again, unless that changes its own jail', async () => {
    const one = stage();
    const asking = one.supervisor.behalfOf(await during(one, 'web', 'web-hook'));
    expect((await asking.reload(false)).ok).to.equal(true);
    one.files = compiled([jail('web', { 'exec.prestart': ['web-hook'], 'host.hostname': 'new' })]);
    expect((await asking.reload(true)).changes.map((change) => change.jail)).to.include('web');
    expect(await refusal(asking.reload(false))).to.equal(OWN);
  });

  it('is refused what waits for another command that waits for it', async () => {
    const one = new Stage([
      jail('web', { 'exec.prestart': ['web-hook'] }),
      jail('db', { 'exec.prestart': ['db-hook'] }),
    ]);
    const web = one.supervisor.behalfOf(await during(one, 'web', 'web-hook'));
    const db = one.supervisor.behalfOf(await during(one, 'db', 'db-hook'));
    void web.start(['db']);
    expect(await refusal(db.start(['web']))).to.equal('db: a command that db waits for would wait for db');
  });

  it('is anybody else when it was not begun by jaild, or when its jail is up', async () => {
    const one = stage();
    const pid = await during(one, 'web', 'web-hook');
    expect(one.supervisor.behalfOf(pid + 100)).to.equal(one.supervisor);
    const other = stage();
    await other.supervisor.start(['web']);
    expect(other.supervisor.behalfOf((other.host.hooks.get('web-hook') ?? 0) + 1)).to.equal(other.supervisor);
  });
});
