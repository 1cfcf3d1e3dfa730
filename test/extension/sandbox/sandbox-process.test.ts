import assert from 'node:assert/strict';
import type { SandboxProcess } from '../../../src/extension/sandbox/sandbox-process.ts';
import { useVscodeStandIn } from '../vscode-stand-in.ts';

describe('the log of the sandbox', () => {
  useVscodeStandIn();

  it('tells when it starts and ends', async () => {
    const { logSandbox } = await import('../../../src/extension/sandbox/sandbox-process.ts');
    const lines: string[] = [];
    let say: (running: unknown) => void = () => undefined;
    const sandbox = {
      onDidChange: (listener: typeof say) => {
        say = listener;
        return { dispose: () => undefined };
      },
    } as unknown as Pick<SandboxProcess, 'onDidChange'>;
    logSandbox({ subscriptions: [] }, { sandbox, log: { info: (line: string) => lines.push(line) } });
    say({ campaignMonitorApi: 'http://127.0.0.1:5000/api/v3.3' });
    say(undefined);
    assert.deepEqual(lines, ['the sandbox runs at http://127.0.0.1:5000', 'the sandbox has ended']);
  });
});
