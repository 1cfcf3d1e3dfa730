/** What a test or a `beforeEach` starts is stopped after that test; what a `before` starts is stopped after the run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { prepareDataDirectory } from '../../src/protocol/data-directory.ts';

type Task = () => unknown;
const ofTest = new Set<Task>();
const ofRun = new Set<Task>();
let inTest = false;

async function runAll(tasks: Set<Task>): Promise<void> {
  const latestFirst = [...tasks].reverse();
  tasks.clear();
  for (const task of latestFirst) await task();
}

beforeEach(() => {
  inTest = true;
});
afterEach(async () => {
  inTest = false;
  await runAll(ofTest);
});
after(() => runAll(ofRun));

/**
 * Runs a task after the test, the latest first; after the run where a `before` asks for it.
 * @returns what takes the task back
 */
export function afterward(task: Task): () => void {
  const tasks = inTest ? ofTest : ofRun;
  tasks.add(task);
  return () => void tasks.delete(task);
}

/** A folder of its own, removed afterward. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cmr-'));
  afterward(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** The same as a data directory of this user's, which a spec may write into as a relay does. */
export function ownDirectory(): string {
  return prepareDataDirectory(temporaryFolder()).path;
}
