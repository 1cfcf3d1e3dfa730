import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import type * as Offer from '../../../src/extension/ui/offer.ts';

/** What `vscode` has of what shows a message: the last button is chosen. */
const vscodeParts = `
export const window = { shown: [], showWarningMessage: async (...given) => { window.shown.push(given); return given.at(-1); } };
export const commands = {};
`;

describe('A message with next actions', () => {
  let offer: typeof Offer.offer;
  let shown: readonly unknown[][];
  before(async () => {
    const url = `data:text/javascript,${encodeURIComponent(vscodeParts)}`;
    const hooks = registerHooks({
      resolve: (name, context, next) => (name === 'vscode' ? { url, shortCircuit: true } : next(name, context)),
    });
    ({ offer } = await import('../../../src/extension/ui/offer.ts'));
    hooks.deregister();
    ({ shown } = ((await import(url)) as { window: { shown: unknown[][] } }).window);
  });

  it('shows no link of a text, and does what is chosen', async () => {
    const done: string[] = [];
    await offer('Warning', '[Open](command:workbench.action.terminal.new) a@b.example: held.', {
      Drop: () => done.push('drop'),
      Release: () => done.push('release'),
    });
    assert.deepEqual(shown, [['[Open] (command:workbench.action.terminal.new) a@b.example: held.', 'Drop', 'Release']]);
    assert.deepEqual(done, ['release']);
  });
});
