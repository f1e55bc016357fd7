import { expect } from 'chai';
import { compiled, jail, Stage } from '../support/stage.js';

const address = { address: '10.0.0.1', prefix: 32, words: [] };

describe('the host is told of jails', () => {
  it('which the files have, at the start of jaild and with each reload', async () => {
    const stage = new Stage([jail('web'), jail('db')]);
    expect(stage.host.acquainted).to.deep.equal(['web', 'db']);
    stage.files = compiled([jail('db')]);
    await stage.supervisor.reload(false);
    expect(stage.host.acquainted).to.deep.equal(['db']);
  });

  it('what addresses those have that an earlier jaild has left', async () => {
    const stage = new Stage([jail('web', { 'ip4.addr': [address] }), jail('db')]);
    await stage.supervisor.start(['web']);
    await stage.restartDaemon();
    expect([...stage.host.held]).to.deep.equal([['web', ['10.0.0.1']]]);
  });

  it('that they are not coming back, when they were of the moment', async () => {
    const stage = new Stage([jail('web')]);
    await stage.supervisor.start(['web']);
    await stage.supervisor.run(jail('guest'), false);
    stage.host.jailerOf('guest').end({ how: 'exit', code: 0 });
    await stage.supervisor.stop(['web']);
    await stage.pass(100);
    expect([stage.host.givenBack, stage.supervisor.has('guest')]).to.deep.equal([['guest'], false]);
  });
});
