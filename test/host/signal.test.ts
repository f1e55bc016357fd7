import { expect } from 'chai';
import { describeSignal, signalName, signalNumber } from '../../src/host/signal.js';

describe('the names of signals', () => {
  it('are those of signal(7), of two for one number the usual one', () => {
    expect([6, 9, 29].map(signalName)).to.deep.equal(['SIGABRT', 'SIGKILL', 'SIGIO']);
    expect([describeSignal(6), describeSignal(40)]).to.deep.equal(['signal 6 (SIGABRT)', 'signal 40']);
  });

  it('lead to numbers, whichever is used', () => {
    expect(['SIGABRT', 'SIGIOT', 'SIGNONE'].map(signalNumber)).to.deep.equal([6, 6, null]);
  });
});
