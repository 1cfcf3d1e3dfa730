import assert from 'node:assert/strict';
import { connectAssistantProcess } from './mcp/connect.ts';
import { Workplace } from './harness.ts';

describe('a relay that is frozen', function () {
  this.timeout(180_000);
  let place: Workplace;
  let pid: number;

  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  beforeEach(async () => {
    place = new Workplace();
    const relay = place.listenProcess();
    ({ pid } = await relay.ready());
    process.kill(pid, 'SIGSTOP');
  });
  afterEach(async () => {
    process.kill(pid, 'SIGCONT');
    await place.close();
  });

  /** Runs commands at once, since each does nothing but wait. */
  async function endWithin(
    mostMs: number,
    commands: readonly (readonly [command: string, ...args: string[]])[],
  ): Promise<void> {
    const ended = commands.map(async ([command, ...args]) => {
      const running = place.start([command, '--data-dir', place.dataDir, ...args]);
      const late = setTimeout(() => void running.close(), mostMs);
      const code = await running.ended;
      clearTimeout(late);
      const said = `${[command, ...args].join(' ')}: ${running.errors.join('\n')}`;
      assert.equal(code, 1, said);
      assert.match(said, new RegExp(`\\(process ${pid}\\) does not answer`));
      assert.match(said, new RegExp(`kill -CONT ${pid}[^]*kill -KILL ${pid}`));
    });
    await Promise.all(ended);
  }

  it('holds up no command for long, and each names its process and what to do', () =>
    endWithin(25_000, [['stop'], ['status'], ['events'], ['trigger', 'subscribe'], ['retry'], ['listen', '--detach']]));

  it('holds up none beyond the time that it is given', () =>
    endWithin(9000, [
      ['resend', '--failed', '--wait', '--timeout', '2'],
      ['url', '--timeout', '2'],
      ['wait', '--timeout', '2'],
    ]));

  it('is told to an assistant', async () => {
    const { client } = await connectAssistantProcess(place.dataDir);
    try {
      const { content, isError } = await client.callTool({ name: 'events', arguments: {} });
      assert.equal(isError, true);
      assert.match(JSON.stringify(content), new RegExp(`process ${pid}`));
    } finally {
      await client.close();
    }
  });
});
