import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../relay/afterward.ts';
import { until } from '../../relay/until.ts';
import { delivery, eachWithOwn, post, type Callback, type Running, type Workplace } from '../harness.ts';

describe('cm-relay resend --watch', function () {
  this.timeout(180_000);
  let place: Workplace;
  let callback: Callback;
  let folder: string;
  let relay: Running;

  eachWithOwn((own) => ({ place, callback } = own));

  beforeEach(async () => {
    folder = temporaryFolder();
    mkdirSync(join(folder, 'src'));
    relay = place.listen(['--retry', 'none', '--forward-to', callback.url]);
    callback.status = 500;
    await post((await relay.ready()).campaignMonitorUrl, delivery('jane@example.org'));
    await relay.json('attempt');
  });

  const watching = (...args: string[]): Running =>
    place.start(['resend', '--data-dir', place.dataDir, 'e1', '--watch', folder, ...args]);

  /** Saves a file until a response is printed: a save right after a response doesn't count. @returns its line */
  function save(watch: Running, response: string): Promise<string> {
    return until(() => {
      writeFileSync(join(folder, 'src', 'server.js'), `${Math.random()}`);
      return watch.lines.find((line) => line.includes(response));
    });
  }

  it('resends the event whenever a file is saved, and prints a line for each response, until Ctrl+C', async () => {
    const watch = watching();
    assert.ok((await watch.line((line) => line.startsWith('Resending e1'), 'errors')).includes(folder));
    const failed = await save(watch, ' 500 in ');
    assert.match(failed, /^[\d:]{8} {2}e1 {2}500 in [^ ]+ m?s {2}http:\/\/127\.0\.0\.1:\d+\/callback$/);
    callback.status = 200;
    assert.match(await save(watch, ' 200 in '), / e1 {2}200 in /);
    assert.equal(await watch.end(), 0);
  });

  it('ends with 1 if the relay ends, or the folder cannot be watched', async () => {
    // A process of its own: a folder that is still watched would keep it alive.
    const watch = place.startProcess(['resend', '--data-dir', place.dataDir, 'e1', '--watch', folder]);
    await watch.line((line) => line.startsWith('Resending e1'), 'errors');
    const missing = await place.run('resend', 'e1', '--watch', join(folder, 'missing'));
    assert.equal(missing.code, 1);
    assert.match(missing.err, /cannot watch .*missing: ENOENT/);
    await relay.end();
    assert.equal(await watch.ended, 1);
    await watch.line((line) => line.includes('the relay stopped'), 'errors');
    const misplaced = await place.run('resend', '--watch', 'e1');
    assert.equal(misplaced.code, 2);
    assert.match(misplaced.err, /--watch requires the ID of one event/);
  });
});
