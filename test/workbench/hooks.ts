/** Hooks of the whole suite: a picture of every window when a test fails, and an end to server and browser. */
import type { RootHookObject } from 'mocha';
import { setPollInterval } from '../relay/until.ts';
import { closeEverything, openWorkbenches } from './workbench.ts';

export const mochaHooks: RootHookObject = {
  beforeAll() {
    setPollInterval(50);
  },
  async afterEach(this: Mocha.Context) {
    const test = this.currentTest;
    if (test?.state !== 'failed') return;
    const name = test
      .fullTitle()
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .slice(0, 100);
    for (const [index, workbench] of openWorkbenches().entries()) {
      console.log(`      ${await workbench.takePicture(`failed/${name}-${index + 1}`)}`);
    }
  },
  async afterAll(this: Mocha.Context) {
    this.timeout(30_000);
    await closeEverything();
  },
};
