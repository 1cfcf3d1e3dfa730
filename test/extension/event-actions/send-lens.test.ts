import assert from 'node:assert/strict';
import { editCommands } from '../../../src/extension/event-actions/contributions.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The name of a body that is edited', () => {
  useVscodeStandIn();

  it('decides whether it can be sent, and whether it is released in the place of what is held', async () => {
    const { heldEventOf } = await import('../../../src/extension/event-actions/send-lens.ts');
    const [, pattern = ''] = /resourceFilename =~ \/(.*)\/$/.exec(editCommands.send.keys[0].when) ?? [];
    for (const [name, isSent, held] of [
      ['Subscribe e12.campaign-monitor.json', true, undefined],
      ['fixture.open-connectors.json', true, undefined],
      ['Subscribe e12.held.campaign-monitor.json', true, 'e12'],
      [' e12.held.open-connectors.json', true, 'e12'],
      ['Subscribe e12-2.held.campaign-monitor.json', true, 'e12'],
      ['what was.held.campaign-monitor.json', true, undefined],
      ['Subscribe e12.held.json', false, undefined],
    ] as const) {
      assert.equal(new RegExp(pattern).test(name), isSent, name);
      assert.equal(heldEventOf(name), held, name);
    }
  });
});
