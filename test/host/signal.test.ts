import { expect } from 'chai';
import { describeSignal, signalName } from '../../src/host/signal.js';

describe('a signal', () => {
  it('is called by its usual name, also where it has two', () => {
    expect([6, 9, 17, 29].map(signalName)).to.deep.equal(['SIGABRT', 'SIGKILL', 'SIGCHLD', 'SIGIO']);
    expect([describeSignal(6), describeSignal(40)]).to.deep.equal(['signal 6 (SIGABRT)', 'signal 40']);
  });
});
