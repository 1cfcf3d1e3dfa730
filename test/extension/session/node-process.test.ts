import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startNodeProcess } from '../../../src/extension/session/node-process.ts';
import { afterward, temporaryFolder } from '../../relay/afterward.ts';
import { until } from '../../relay/until.ts';

/** A program that writes its process id to a file, and then what it is told to. */
function program(folder: string, rest: string): string {
  const bundle = join(folder, 'program.js');
  writeFileSync(
    bundle,
    `require('fs').writeFileSync('pid', String(process.pid)); setInterval(() => undefined, 1000); ${rest}`,
  );
  return bundle;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('A program as a process of its own', () => {
  const pidOf = async (storage: string): Promise<number> => {
    const file = join(storage, 'pid');
    const pid = await until(() => existsSync(file) && Number(readFileSync(file, 'utf8')));
    afterward(() => isAlive(pid) && process.kill(pid, 'SIGKILL'));
    return pid;
  };

  it('runs as a copy, and goes on when its first line has been read', async () => {
    const folder = temporaryFolder();
    const storage = join(folder, 'storage');
    const abort = new AbortController();
    const bundle = program(folder, 'console.log("ready"); console.log("more");');
    const options = { name: 'program', bundle, storage, version: '1.0.0', args: [], signal: abort.signal };
    assert.equal(await startNodeProcess(options), 'ready');
    const pid = await pidOf(storage);
    // Too late: it is nobody's to end any more.
    abort.abort();
    assert.ok(isAlive(pid));
    assert.match(readdirSync(storage).join(), /program-1\.0\.0-[0-9a-f]{8}\.cjs/);
  });

  it('is ended where whoever starts it gives up before it is ready', async () => {
    const folder = temporaryFolder();
    const storage = join(folder, 'storage');
    const abort = new AbortController();
    const bundle = program(folder, '');
    const options = { name: 'program', bundle, storage, version: '1.0.0', args: [], signal: abort.signal };
    const starting = assert.rejects(startNodeProcess(options), /ended at once/);
    const pid = await pidOf(storage);
    abort.abort();
    await starting;
    await until(() => !isAlive(pid));
  });
});
