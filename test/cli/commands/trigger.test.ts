import assert from 'node:assert/strict';
import { startTestRelay } from '../../relay/stage.ts';
import { run } from '../harness.ts';

describe('cm-relay trigger', function () {
  this.timeout(60_000);

  it('says that the disk is full, and advises no filter that finds nothing', async () => {
    const { dataDir } = await startTestRelay({ maxStorePages: 60 });
    const args = ['trigger', 'subscribe', '--data-dir', dataDir, '--count', '20', '--batch', '100'];
    const { code, out, err } = await run(args);
    assert.equal(code, 1);
    assert.match(out, /relay answered 503/);
    assert.match(err, /not answered with 200\n {2}the disk .* is full/);
    assert.doesNotMatch(err, /kind:rejected/);
  });
});
