import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('The end of debugging', () => {
  const vscode = useVscodeStandIn();

  it('offers to keep held what is held, and where nothing is, that sending stays paused', async () => {
    const { sayWhatIsLeft } = await import('../../../src/extension/debug/start.ts');
    const said: string[][] = [];
    vscode.window['showWarningMessage'] = (...words: string[]) => Promise.resolve(void said.push(words));
    for (const pause of [0, 2]) {
      const held = { pause, breakpoint: 0, missingKey: 0, destination: 0 };
      await sayWhatIsLeft({} as never, { sending: { state: 'paused', held } as never, edited: 0 }, false);
    }
    assert.deepEqual(said, [
      ['Debugging ended, but sending is still paused. New events are held.', 'Continue Sending', 'Keep Paused'],
      ['Debugging ended, but sending is still paused. Held: 2.', 'Continue Sending', 'Keep Held'],
    ]);
  });
});
