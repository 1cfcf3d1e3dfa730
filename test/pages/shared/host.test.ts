import assert from 'node:assert/strict';
import { openPageStage } from '../page-stage.ts';

const script = `
import { Host } from './src/pages/shared/host.ts';
const host = new Host();
window.heard = [];
host.onMessages({ news: (message) => window.heard.push(message) });
Object.assign(window, { host });
`;

describe('A page’s end of its webview', () => {
  it('says, keeps beside what was kept, and hears what is for it alone', async () => {
    const stage = await openPageStage(script, { sort: 'time', layout: 1 });
    try {
      const { page } = stage;
      assert.deepEqual(await page.evaluate('host.pageState'), { sort: 'time', layout: 1 });
      await page.evaluate('host.savePageState({ layout: 2 })');
      assert.deepEqual(await stage.kept(), { sort: 'time', layout: 2 });
      await page.evaluate(`host.say({ type: 'start' })`);
      assert.deepEqual(await stage.said(), [{ type: 'start' }]);
      const others = [null, 7, 'news', {}, { type: 'other' }, { type: 'toString' }, { type: ['news'] }];
      for (const message of [...others, { type: 'news', count: 3 }]) await stage.tell(message);
      assert.deepEqual(await page.evaluate('heard'), [{ type: 'news', count: 3 }]);
    } finally {
      await stage.close();
    }
  });

  it('takes for nothing what an earlier version has kept that is no object', async () => {
    const stage = await openPageStage(script, 'old');
    try {
      assert.deepEqual(await stage.page.evaluate('host.pageState'), {});
    } finally {
      await stage.close();
    }
  });
});
