import { expect } from 'chai';
import { classes } from '../probes/classes.js';
import { known } from '../probes/known.js';
import { runProbes } from '../probes/run.js';
import { score, type Finding } from '../probes/probe.js';
import { patience } from '../support/patience.js';
import { takeTurns } from '../support/turns.js';

const RUN_MS = 180_000;

describe('a default jail that is attacked', () => {
  takeTurns();
  let findings: readonly Finding[] = [];
  const failed = (some: (finding: Finding) => boolean): readonly string[] =>
    findings
      .filter((finding) => finding.seen !== null && some(finding))
      .map(({ name, way, weight, seen }) => `${name} (${way}, ${weight}): ${seen}`);

  before(async function () {
    this.timeout(RUN_MS * patience);
    findings = await runProbes();
  });

  for (const [kind, words] of Object.entries(classes))
    it(`holds against ${words} (${kind})`, () => {
      expect(findings.filter((finding) => finding.class === kind)).not.to.deep.equal([]);
      expect(failed(({ class: own, name }) => own === kind && !(name in known))).to.deep.equal([]);
    });

  it('is attacked in all ways, and in no class without a name', () => {
    expect([...new Set(findings.map(({ way }) => way))]).to.deep.equal([
      'main',
      'exec',
      'terminal',
      'host',
      'root',
    ]);
    expect([...new Set(findings.map((finding) => finding.class))].sort()).to.deep.equal(
      Object.keys(classes).sort(),
    );
  });

  it('gives an exec, with or without a terminal, exactly what its command has', () => {
    const held = (way: string): readonly string[] =>
      findings.filter((finding) => finding.way === way && finding.seen === null).map(({ name }) => name);
    expect(held('exec')).to.deep.equal(held('main'));
    expect(held('terminal')).to.deep.equal(held('main'));
  });

  it('is open where SECURITY.md says so, and there alone', () => {
    const open = findings.filter(({ seen }) => seen !== null).map(({ name }) => name);
    expect([...new Set(open)].sort()).to.deep.equal(Object.keys(known).sort());
  });

  it('holds 99 % by weight', () => {
    expect(score(findings)).to.be.at.least(99);
  });
});
