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

  it('is done without a question to fewer, and else where the button says so alone', async () => {
    const { isMeant } = await import('../../../src/extension/event-actions/many-at-once.ts');
    assert.equal(await isMeant(20, 'Twenty?', '', 'Do It'), true);
    assert.deepEqual(asked, []);
    assert.equal(await isMeant(21, 'More?', '', 'Do It'), false);
    answer = 'Do It';
    assert.equal(await isMeant(21, 'More?', '', 'Do It'), true);
    assert.deepEqual(asked, ['More?', 'More?']);
  });
});
