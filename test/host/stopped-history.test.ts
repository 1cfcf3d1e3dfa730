import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoppedHistory } from '../../src/extension/session/stopped-history.ts';
import { prepareDataDirectory } from '../../src/protocol/data-directory.ts';

describe('What a relay left that does not run', () => {
  it('is asked of no further process where one has ended by itself, which says so, until that is wanted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cm-left-'));
    const { path: dataDir } = prepareDataDirectory(join(folder, 'relay'));
    const [bundle, starts] = [join(folder, 'dies.cjs'), join(folder, 'starts')];
    writeFileSync(join(dataDir, 'relay.sqlite'), '');
    writeFileSync(bundle, `require('fs').appendFileSync(${JSON.stringify(starts)}, 'x'); process.exit(3);`);
    const session = { state: { kind: 'stopped' as const }, dataDir, client: undefined, status: undefined };
    const history = new StoppedHistory({ session, bundle });
    try {
      const fails = async (): Promise<void> => {
        const client = await history.reader();
        await assert.rejects(client?.request('events/query', {}) ?? Promise.resolve());
        await client?.closed;
        for (let times = 0; times < 5; times++) {
          await assert.rejects(history.reader(), {
            message: /^The process that reads the history stopped unexpectedly/,
          });
          assert.equal(await history.sending(), undefined);
        }
      };
      await fails();
      assert.equal(readFileSync(starts, 'utf8'), 'x');
      history.tryAgain();
      await fails();
      assert.equal(readFileSync(starts, 'utf8'), 'xx');
    } finally {
      history.dispose();
      rmSync(folder, { recursive: true, force: true, maxRetries: 20 });
    }
  });
});
