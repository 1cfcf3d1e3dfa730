import assert from 'node:assert/strict';
import { connectAssistant } from './mcp/connect.ts';
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
    const relay = place.listen();
    ({ pid } = await relay.ready());
    process.kill(pid, 'SIGSTOP');
  });
  afterEach(async () => {
    process.kill(pid, 'SIGCONT');
    await place.close();
  });

  const commands: readonly (readonly [command: string, ...args: string[]])[] = [
    ['stop'],
    ['stop', '--held', 'drop'],
    ['status'],
    ['events'],
    ['show', 'e1'],
    ['trigger', 'subscribe'],
    ['continue'],
    ['replay', '--failed', '--wait', '--timeout', '2'],
    ['url', '--timeout', '2'],
    ['wait', '--timeout', '2'],
    ['listen', '--detach'],
    ['listen'],
  ];
  for (const [command, ...args] of commands) {
    const isShort = args.includes('--timeout');
    it(`makes ${[command, ...args].join(' ')} end ${isShort ? 'within its own time' : 'soon'}, with its process`, async () => {
      const started = performance.now();
      const running = place.start([command, '--data-dir', place.dataDir, ...args]);
      const late = setTimeout(() => running.kill(), 25_000);
      const code = await running.ended;
      clearTimeout(late);
      const took = performance.now() - started;
      assert.equal(code, 1, running.errors.join('\n'));
      assert.match(running.errors.join('\n'), new RegExp(`\\(process ${pid}\\) does not answer`));
      assert.match(running.errors.join('\n'), new RegExp(`kill -CONT ${pid}[^]*kill -KILL ${pid}`));
      assert.ok(took < (isShort ? 6000 : 15_000), `${Math.round(took)} ms`);
    });
  }

  it('is told to an assistant', async () => {
    const { client } = await connectAssistant(place.dataDir);
    try {
      const { content, isError } = await client.callTool({ name: 'events', arguments: {} });
      assert.equal(isError, true);
      assert.match(JSON.stringify(content), new RegExp(`process ${pid}`));
    } finally {
      await client.close();
    }
  });
});
