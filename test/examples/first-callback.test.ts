/** The steps of docs/first-five-minutes.md, with the settings and the launch configuration of the folder that F5 opens. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { webhookEventTypes } from '../../src/campaign-monitor/event-types.ts';
import { documentedListId } from '../../src/campaign-monitor/samples.ts';
import { sendSamples } from '../../src/extension/event-actions/sample-posts.ts';
import { Workplace, type Line } from '../cli/harness.ts';
import { freePort } from '../free-port.ts';
import { afterward, temporaryFolder } from '../relay/afterward.ts';

const root = join(import.meta.dirname, '../..');
const example = join(root, 'examples', 'first-callback');
const page = readFileSync(join(root, 'docs', 'first-five-minutes.md'), 'utf8');

/** What the page says. @throws AssertionError if it does not */
function readPage(pattern: RegExp): string {
  const [, found] = pattern.exec(page) ?? [];
  assert.ok(found !== undefined, `the page has nothing like ${pattern.source}`);
  return found;
}

/** Starts the callback as the folder's launch configuration does. @returns waits until it listens, each time that it starts */
function startCallback(folder: string, port: number): () => Promise<void> {
  const launch = JSON.parse(readFileSync(join(folder, '.vscode', 'launch.json'), 'utf8')) as {
    readonly configurations: readonly { readonly program: string; readonly runtimeArgs: readonly string[] }[];
  };
  const [{ program, runtimeArgs }] = launch.configurations as [(typeof launch.configurations)[number]];
  const args = [...runtimeArgs, program.replace('${workspaceFolder}', folder)];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  afterward(async () => {
    // Node ends the program that it watches, and then itself.
    child.kill('SIGTERM');
    await exited;
  });
  let starts = 0;
  let awaited = 0;
  let wake: (() => void) | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('listening on ')) return;
    starts += 1;
    wake?.();
  });
  return async () => {
    awaited += 1;
    while (starts < awaited) await new Promise<void>((resolve) => (wake = resolve));
  };
}

describe('Five minutes with F5', () => {
  let place: Workplace;
  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(() => place.close());

  it('show why e3 failed; with the line of the page fixed and saved, it is resent, and all later ones are sent', async () => {
    const folder = join(temporaryFolder(), 'first-callback');
    cpSync(example, folder, { recursive: true });
    const port = await freePort();
    const waitUntilListening = startCallback(folder, port);
    await waitUntilListening();
    const settings = JSON.parse(readFileSync(join(folder, '.vscode', 'settings.json'), 'utf8')) as {
      readonly 'campaignMonitorRelay.destinations': readonly { readonly url: string }[];
      readonly 'campaignMonitorRelay.retryPolicy': string;
    };
    const [{ url }] = settings['campaignMonitorRelay.destinations'] as [{ url: string }];
    const listening = place.listen([
      ...['--forward-to', url.replace(':3000', `:${port}`), '--tunnel', 'none'],
      ...['--retry', settings['campaignMonitorRelay.retryPolicy']],
    ]);
    const { campaignMonitorUrl } = await listening.ready();
    const sendOneOfEach = async (): Promise<void> => {
      const samples = { types: webhookEventTypes, mixed: false, count: 3, batch: 1, listId: documentedListId };
      const { refused } = await sendSamples(campaignMonitorUrl, samples, { seed: 1, now: new Date() });
      assert.equal(refused, 0);
    };
    const outcomeOf = async (notificationId: string, number = 1): Promise<string> => {
      const { outcome } = await listening.json<Line & { readonly outcome: string }>(
        'attempt',
        (attempt) => attempt['notificationId'] === notificationId && attempt['number'] === number,
      );
      return outcome;
    };

    await sendOneOfEach();
    assert.deepEqual([await outcomeOf('n1'), await outcomeOf('n2'), await outcomeOf('n3')], ['sent', 'sent', 'failed']);
    const { out: attempts } = await place.run('show', 'e3', '--attempts');
    assert.match(attempts, /\b500\b/);
    const reason = readPage(/^ +(unknown event type \w+)$/m);
    assert.ok(attempts.includes(reason), attempts);
    assert.match((await place.run('show', 'e3', '--notification')).out, /"eventType": ?"DELETED"/);

    const file = join(folder, 'server.js');
    const lines = readFileSync(file, 'utf8').split('\n');
    const number = Number(readPage(/change line (\d+):/));
    assert.equal(lines[number - 1], readPage(/^ +-( +case .*)$/m));
    lines[number - 1] = readPage(/^ +\+( +case .*)$/m);
    // In one step, so that the callback restarts once.
    writeFileSync(`${folder}.js`, lines.join('\n'));
    renameSync(`${folder}.js`, file);
    await waitUntilListening();
    assert.equal((await place.run('resend', 'e3')).code, 0);
    assert.equal(await outcomeOf('n3', 2), 'sent');

    await sendOneOfEach();
    assert.deepEqual([await outcomeOf('n4'), await outcomeOf('n5'), await outcomeOf('n6')], ['sent', 'sent', 'sent']);
    await listening.end();
  });

  it('stop at the line of the page, where each event passes', () => {
    const lines = readFileSync(join(example, 'server.js'), 'utf8').split('\n');
    assert.match(lines[Number(readPage(/breakpoint at line (\d+)/)) - 1] ?? '', /switch \(eventType\)/);
  });
});
