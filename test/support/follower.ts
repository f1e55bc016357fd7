import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { say } from './command-line.js';
import type { FakeOperations } from './fake-operations.js';

/** `jailctl logs -f` of the jail `web` at work, and what it has said. */
export class Follower {
  private said = '';
  private readonly leave = new AbortController();
  private readonly ended: Promise<unknown>;

  constructor(operations: FakeOperations, ...words: readonly string[]) {
    const out = (text: string | Buffer): void => void (this.said += text.toString());
    this.ended = say(operations, ['logs', '-f', ...words, 'web'], { out, signal: this.leave.signal });
  }

  /** Returns when it has said just that; fails the test when it says something else, or does not in a minute. */
  async until(text: string): Promise<void> {
    for (let n = 0; n < 6000 && this.said.length < text.length; n++) await sleep(10);
    expect(this.said).to.equal(text);
  }

  async stop(): Promise<void> {
    this.leave.abort();
    await this.ended;
  }
}
