import assert from 'node:assert/strict';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('What is done to many events at once', () => {
  const vscode = useVscodeStandIn();
  let asked: string[];
  let requests: string[];
  let answer: string | undefined;

  beforeEach(() => {
    [asked, requests, answer] = [[], [], undefined];
    vscode.window['showWarningMessage'] = (question: string) => {
      asked.push(question);
      return Promise.resolve(answer);
    };
  });

  it('is asked about where they are more than are seen at once, with how many of them can be resent', async () => {
    const { createResendCommands } = await import('../../../src/extension/event-actions/resend.ts');
    const rows = Array.from({ length: 4007 }, (_, at) => ({ notificationId: at < 2 ? null : `n${at}` }));
    const client = { request: (method: string) => Promise.resolve(void requests.push(method)) };
    const parts = { select: () => rows, session: { client }, focused: () => Promise.resolve([]) };
    await createResendCommands(parts as never).resend({ kind: 'event' } as never);
    assert.deepEqual(asked, ['Resend 4,005 events?']);
    assert.deepEqual(requests, []);
  });

  it('is done to those that are still there, and what is said counts those that are gone', async () => {
    const { createResendCommands } = await import('../../../src/extension/event-actions/resend.ts');
    const said: string[] = [];
    vscode.window['showInformationMessage'] = (text: string) => Promise.resolve(void said.push(text));
    vscode.window['setStatusBarMessage'] = (text: string) => said.push(text);
    const rows = Array.from({ length: 5 }, (_, at) => ({
      ...{ id: `e${at}`, deliveryId: `d${at}`, notificationId: `n${at}` },
      forwardings: [{ notificationId: `n${at}`, state: 'waiting' }],
    }));
    let answer: unknown;
    const client = { request: () => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)) };
    const parts = { select: () => rows, session: { client }, focused: () => Promise.resolve([]) };
    const { resend, discard } = createResendCommands(parts as never);
    answer = { replayed: 4, notificationIds: [], gone: 1 };
    await resend({ kind: 'event' } as never);
    answer = { discarded: 4, gone: 1 };
    await discard({ kind: 'event' } as never);
    answer = Object.assign(new Error('there is no notification n0 in the history'), { code: 'not-found' });
    await resend({ kind: 'event' } as never);
    await discard({ kind: 'event' } as never);
    assert.deepEqual(said, [
      'Resending notifications: 4. No longer in the history: 1.',
      'Discarded notifications: 4. No longer in the history: 1.',
      'Resending notifications: 0. No longer in the history: 5.',
      'Discarded notifications: 0. No longer in the history: 5.',
    ]);
  });
});
