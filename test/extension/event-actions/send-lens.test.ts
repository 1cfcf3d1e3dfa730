import assert from 'node:assert/strict';
import { heldCommands, resendCommands } from '../../../src/extension/event-actions/contributions.ts';

/** The names that a `when` clause about a file's name takes; `!(…)` parts are the other way round. */
function matches(when: string, name: string): boolean {
  return when
    .split(' && ')
    .filter((clause) => clause.includes('resourceFilename'))
    .every((clause) => {
      const pattern = /=~ \/(.*)\/\)?$/.exec(clause)?.[1] ?? '';
      return new RegExp(pattern).test(name) !== clause.startsWith('!(');
    });
}

describe('The name of a body that is edited', () => {
  const sends = resendCommands.send.keys[0].when;
  const releases = heldCommands.releaseEdited.keys[0].when;

  it('decides whether it is sent, or released in the place of what is held: one of both', () => {
    for (const [name, sent, released] of [
      ['Subscribe e12.campaign-monitor.json', true, false],
      ['fixture.open-connectors.json', true, false],
      ['Subscribe e12.held.campaign-monitor.json', false, true],
      [' e12.held.open-connectors.json', false, true],
      ['Subscribe e12-2.held.campaign-monitor.json', false, true],
      ['what was.held.campaign-monitor.json', true, false],
      ['Subscribe e12.held.json', false, false],
    ] as const) {
      assert.equal(matches(sends, name), sent, `${name} is sent`);
      assert.equal(matches(releases, name), released, `${name} is released`);
    }
  });
});
