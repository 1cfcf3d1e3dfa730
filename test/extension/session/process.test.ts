import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sharedStorage } from '../../../src/extension/session/process.ts';
import { temporaryFolder } from '../../relay/afterward.ts';

describe('The storage of a workspace', () => {
  const own = 'cm-relay.campaign-monitor-relay';

  it('is that of its first window for every further one', () => {
    const base = temporaryFolder();
    for (const name of ['0f3c', '0f3c-1', '-5a1b', '-5a1b-2']) mkdirSync(join(base, name));
    for (const [given, shared] of [
      ['0f3c', '0f3c'],
      ['0f3c-1', '0f3c'],
      ['-5a1b-2', '-5a1b'],
      ['-5a1b', '-5a1b'],
    ] as const) {
      assert.equal(sharedStorage(join(base, given, own)), join(base, shared, own));
    }
  });

  it('is what VS Code gave where no first window has one', () => {
    const base = temporaryFolder();
    for (const name of ['1764400000000', 'team-1', '-7', '0f3c-10'])
      assert.equal(sharedStorage(join(base, name, own)), join(base, name, own));
  });
});
