import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { signatureHeader, verify } from '../../src/open-connectors/signature.ts';
import { freePort } from '../free-port.ts';
import { itLong } from '../long.ts';
import { startReceiver, type Receiver } from '../relay/receiver.ts';
import { send } from '../relay/requests.ts';
import { sampleBody } from '../relay/stage.ts';
import { until } from '../relay/until.ts';
import { changeSettings, dataDirs, startByButton, startRelay, statusIfRunning, statusOf, stopRelays } from './relay.ts';
import { openTable } from './table.ts';
import { clickAway, clickUntil, inTime, openWorkbench, untilDone, type Workbench } from './workbench.ts';

const view = 'campaignMonitorRelay.events';
const category = 'Campaign Monitor Relay';

/** The processes that read the history of a data directory, by their ids. */
function historyProcesses(dataDir: string): string[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.includes('--history') && line.includes(dataDir))
    .map((line) => line.trim().split(' ')[0] ?? '');
}

/** Changes the version that a history's file says it is of, as another version of the program does. */
function moveVersion(dataDir: string, by: number): void {
  const db = new DatabaseSync(join(dataDir, 'relay.sqlite'));
  try {
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    db.exec(`PRAGMA user_version = ${version + by}`);
  } finally {
    db.close();
  }
}

/** In the page: whether an element's text is longer than its place. */
function isCut(element: unknown): boolean {
  const { clientWidth, scrollWidth } = element as { readonly clientWidth: number; readonly scrollWidth: number };
  return scrollWidth > clientWidth;
}

/** In the page: types into a box, and presses Enter before anything could be drawn for it. */
function typeAndAccept(input: { value: string; dispatchEvent(event: Event): boolean }, text: string): void {
  input.value = text;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  const enter = { key: 'Enter', code: 'Enter', keyCode: 13, bubbles: true, cancelable: true };
  const { KeyboardEvent } = globalThis as unknown as { KeyboardEvent: new (type: string, init: object) => Event };
  input.dispatchEvent(new KeyboardEvent('keydown', enter));
}

describe('The events view, as a person uses it', () => {
  let workbench: Workbench;
  let receiver: Receiver;
  let url: string;

  const post = async (body: string): Promise<number> =>
    (await send(url, { body, headers: { 'Content-Type': 'application/json' } })).status;
  const row = (text: string) => workbench.treeRow(view, text);
  const labels = async (): Promise<string[]> => (await workbench.treeRows(view)).map(({ label }) => label);

  before(async () => {
    receiver = await startReceiver();
    workbench = await openWorkbench({
      settings: {
        'campaignMonitorRelay.tunnel.kind': 'none',
        'campaignMonitorRelay.destinations': [{ url: receiver.url, timeoutMs: 2000 }],
        'campaignMonitorRelay.retryPolicy': 'none',
        'campaignMonitorRelay.keepAliveMinutes': 2,
      },
    });
    await workbench.openViewContainer(category);
  });
  after(async () => {
    await stopRelays(workbench);
    await workbench.close();
  });

  it('says what to do while the relay is stopped', async () => {
    await workbench.view(view).getByText('The relay isn’t running.').waitFor();
    await workbench.picture('events-view/stopped');
  });

  it('says that nothing has come in yet when the relay has started', async () => {
    await startByButton(workbench);
    await workbench.view(view).getByText('No events yet.').waitFor();
    url = await workbench.copied(
      () => workbench.welcomeButton(view, 'Copy Campaign Monitor Webhook URL').click(),
      (text) => text.startsWith('http'),
    );
    await workbench.picture('events-view/empty');
  });

  it('shows a delivery as it arrives, and then that the callback took it', async () => {
    assert.equal(await post(sampleBody({ email: 'ann@example.com' })), 200);
    await row('ann@example.com').filter({ hasText: 'sent 200' }).waitFor();
    const [first] = await workbench.treeRows(view);
    assert.equal(first?.label, 'Subscribe · ann@example.com');
    assert.match(first.description, /^\d\d:\d\d:\d\d · sent 200 in [\d.]+ m?s · e1 · [0-9a-f]{8}…$/);
    assert.match(
      first.spoken,
      /^Subscribe, ann@example\.com, sent 200 in [\d.]+ m?s, list [0-9a-f]{32}, \d\d:\d\d:\d\d, e1/,
    );
  });

  it('shows failures with a badge, rejected deliveries with the reason, test calls and duplicates', async () => {
    receiver.answer({ status: 500 });
    await post(sampleBody({ type: 'Update', email: 'bea@example.com' }));
    await row('bea@example.com').filter({ hasText: '500' }).waitFor();
    receiver.answer('hang');
    await post(sampleBody({ type: 'Deactivate', email: 'hal@example.com' }));
    await row('hal@example.com').filter({ hasText: 'timed out' }).waitFor();
    receiver.answer({ status: 200 });
    await post(sampleBody({ type: 'Deactivate', email: 'cai@example.com' }));
    await post(sampleBody({ email: 'ann@example.com' }));
    await post('not JSON');
    await post('{}');
    await row('Rejected: ').waitFor();
    await row('Test call').waitFor();
    await row('duplicate of').waitFor();
    await row('cai@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await workbench.page
      .locator('.activitybar .badge')
      .filter({ hasText: /^[1-9]/ })
      .first()
      .waitFor();
    assert.equal((await labels())[0], 'Test call');
    // The shape of the icon tells the state, and the color of its text what failed.
    for (const [text, icon] of [
      ['bea@example.com', 'error'],
      ['hal@example.com', 'error'],
      ['cai@example.com', 'check'],
      ['Rejected: ', 'circle-slash'],
      ['Test call', 'beaker'],
    ] as const) {
      await row(text).locator(`.custom-view-tree-node-item-icon.codicon-${icon}`).waitFor();
    }
    await workbench.picture('readme/events', workbench.view(view), 200);
    await workbench.picture('events-view/default-width');
    assert.equal(Math.round((await workbench.sideBar.boundingBox())?.width ?? 0), 300);
    // The answer is in sight beside what happened and to whom; of a long row the address alone is cut, at its end.
    for (const text of ['500', 'Update', 'bea@example.com'])
      assert.ok(await workbench.isInSight(row('bea@example.com'), text), `${text} is cut`);
    for (const text of ['timed out', 'Deactivate', 'hal@'])
      assert.ok(await workbench.isInSight(row('hal@example.com'), text), `${text} is cut`);
    await workbench.widenSideBar(260);
    assert.deepEqual(await workbench.titleButtons(view), [
      'Pause Sending',
      'Send Sample Events…',
      'Filter Events… (Ctrl+F)',
    ]);
    const title = workbench.view(view).locator('.pane-header .title');
    assert.equal(await title.evaluate(isCut), false);
    await workbench.picture('events-view/260');
    for (const text of ['500', 'Update']) assert.ok(await workbench.isInSight(row('bea@example.com'), text));
    await workbench.widenSideBar(600);
    await workbench.picture('events-view/events');
  });

  it('tells more in a tooltip, in which nothing from outside is markup', async () => {
    await post(sampleBody({ email: '[x](command:y)<b>\u202e@example.com' }));
    const tooltip = await workbench.tooltipOf(row('[x](command:y)<b>\\u{202e}@example.com'), 'Received');
    assert.match(await tooltip.innerText(), /Address \[x\]\(command:y\)<b>\\u\{202e\}@example\.com/);
    assert.equal(await tooltip.locator('a').count(), 0);
    await workbench.picture('events-view/tooltip');
    await workbench.page.mouse.move(900, 500);
  });

  it('shows what matches a filter, says what is wrong with one, and clears it', async () => {
    await untilDone(async () => {
      await row('ann@example.com').click({ timeout: 5000 });
      await workbench.page.keyboard.press('Control+f');
      await workbench.quickInputWidget.filter({ hasText: 'Filter Events' }).waitFor({ timeout: 5000 });
    });
    await workbench.picture('events-view/filter');
    await workbench.quickInput.fill('state:broken');
    await workbench.quickInputWidget.getByText('expected one of failed, waiting').waitFor();
    await workbench.picture('events-view/filter-error');
    // How it may go on comes before what is wrong with it.
    const offered = await workbench.quickPickItems();
    const at = (text: string): number => offered.findIndex((label) => label.includes(text));
    assert.ok(at('state:failed') >= 0 && at('state:failed') < at('Not a valid filter'), offered.join('\n'));
    await workbench.quickInput.fill('state:failed');
    await workbench.page.keyboard.press('Enter');
    await row('cai@example.com').waitFor({ state: 'detached' });
    assert.deepEqual([...new Set(await labels())].sort(), [
      '500 · Update · bea@example.com',
      'timed out · Deactivate · hal@example.com',
    ]);
    await workbench.view(view).getByText('Filter: state:failed').first().waitFor();
    // Said once: beside the title stands how many there are, and the filter only where no event is in sight.
    const beside = workbench.view(view).locator('.pane-header .description');
    await beside.filter({ hasText: /^2 of \d+$/ }).waitFor();
    await workbench.picture('events-view/filtered');
    await workbench.runCommand(`${category}: Filter Events…`);
    await workbench.enter('Filter Events', 'nobody@example.com');
    await workbench.view(view).getByText('No event matches: nobody@example.com').first().waitFor();
    await workbench.picture('events-view/no-match');
    await clickAway(row('Clear Filter'));
    await row('cai@example.com').waitFor();
    // One of the last filters, typed and accepted in one go, is itself, and not the one above it.
    await workbench.runCommandThatAsks(`${category}: Filter Events…`, 'Filter Events');
    await workbench.quickInput.evaluate(typeAndAccept, 'state:failed');
    await beside.filter({ hasText: /^2 of \d+$/ }).waitFor({ timeout: 30_000 });
    await workbench.runCommand(`${category}: Clear Filter`);
    await row('cai@example.com').waitFor();
  });

  it('lets no row move while it is frozen, says how many have come, and shows them when one goes on', async () => {
    await row('cai@example.com').waitFor();
    const before = await labels();
    await workbench.runCommand(`${category}: Freeze or Unfreeze List`);
    await row('List is frozen: 0 new').waitFor();
    await post(sampleBody({ email: 'eve@example.com', events: 2 }));
    await row('List is frozen: 2 new').waitFor();
    assert.deepEqual((await labels()).slice(1), before);
    await workbench.picture('events-view/frozen');
    await row('List is frozen: 2 new').click();
    await row('2 of 2 in d').waitFor();
    await row('1 of 2 in d').waitFor();
    assert.deepEqual((await labels()).slice(2), before);
  });

  itLong('is as it was when it was hidden after much was drawn, though it was opened anew', async () => {
    await post(sampleBody({ events: 300, seed: 3 }));
    // Each is a drawing of 300 rows.
    for (let number = 0; number < 35; number++) {
      await post(sampleBody({ email: `many-${number}@example.com` }));
      await row(`many-${number}@example.com`).waitFor();
    }
    const heading = workbench.view(view).locator('.pane-header .description');
    const badge = workbench.page
      .locator('.activitybar .badge')
      .filter({ hasText: /^[1-9]/ })
      .first();
    // The row comes first, the count with the next status of the relay.
    const { counts } = await statusOf(dataDirs(workbench)[0]!);
    const all = (counts.events + counts.tests + counts.rejected).toLocaleString('en');
    await heading.filter({ hasText: new RegExp(`^${all}$`) }).waitFor();
    const failed = (await badge.textContent())!;
    await workbench.runCommand('View: Show Explorer');
    await workbench.view(view).waitFor({ state: 'hidden' });
    await workbench.openViewContainer(category);
    await row('many-34@example.com').waitFor();
    await heading.filter({ hasText: new RegExp(`^${all}$`) }).waitFor();
    await badge.filter({ hasText: new RegExp(`^${failed}$`) }).waitFor();
    await post(sampleBody({ email: 'after@example.com' }));
    await clickUntil(row('after@example.com'), workbench.page.locator('.editor-group-container.active .tab').first());
    await workbench.runCommand('View: Close All Editors');
  });

  it('loads older events when asked', async () => {
    await post(sampleBody({ events: 700, seed: 7 }));
    await row('Test call').waitFor({ state: 'detached' });
    const list = workbench.view(view).locator('.monaco-list').first();
    const place = async (): Promise<number> => {
      await list.press('End');
      // Drawn anew at this moment, it is not there: the next look finds it.
      return Number(await inTime(row('Load More').getAttribute('data-index', { timeout: 2000 })));
    };
    const shown = await until(async () => {
      const found = await place();
      return found % 100 === 0 && found >= 300 && found;
    });
    await until(async () => {
      if ((await place()) >= shown + 100) return true;
      await inTime(row('Load More').click({ timeout: 2000 }));
      return false;
    });
    assert.equal((await place()) % 100, 0);
  });

  it('clears the history when that is confirmed', async () => {
    // What still waits would be kept.
    await until(async () => {
      const { counts } = await statusOf(dataDirs(workbench)[0]!);
      return counts.waiting === 0;
    });
    await workbench.runCommand(`${category}: Clear History…`);
    await workbench.dialog.getByText('You can’t undo this').waitFor();
    await workbench.picture('events-view/clear');
    await workbench.answerDialog('Clear History');
    await workbench.view(view).getByText('No events yet.').waitFor();
  });

  it('shows what a relay that has stopped received, to be read alone', async () => {
    await startRelay(workbench);
    await post(sampleBody({ email: 'dan@example.com' }));
    await row('dan@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await workbench.runCommand(`${category}: Stop Relay`);
    await workbench.view(view).getByText('The relay isn’t running; showing the events it received.').first().waitFor();
    await row('dan@example.com').filter({ hasText: 'sent 200' }).waitFor();
    await workbench.picture('events-view/stopped-history');
    await row('dan@example.com').click();
    await workbench.webviewFrame().getByRole('heading', { name: 'Subscribe · dan@example.com' }).waitFor();
    // Sending needs the relay, and says so.
    await workbench.chooseUntil(row('dan@example.com'), 'Resend', workbench.notification('The relay isn’t running'));
    assert.equal(await statusIfRunning(dataDirs(workbench)[0]!), undefined);
    await workbench.runCommandThatAsks(`${category}: Filter Events…`, 'Filter Events');
    await workbench.enter('Filter Events', 'nobody@example.com');
    await row('dan@example.com').waitFor({ state: 'detached' });
    await workbench.runCommand(`${category}: Clear Filter`);
    await row('dan@example.com').waitFor();
    await startRelay(workbench);
    // Its port may have been taken meanwhile.
    url = (await statusOf(dataDirs(workbench)[0]!)).campaignMonitorUrl;
    await post(sampleBody({ email: 'eli@example.com' }));
    await row('eli@example.com').waitFor();
    await row('dan@example.com').waitFor();
  });

  it('says why a history cannot be read, in tree and table, asks one process alone, and reads it once it can', async () => {
    const dataDir = dataDirs(workbench)[0]!;
    await workbench.runCommand(`${category}: Stop Relay`);
    await workbench.view(view).getByText('The relay isn’t running; showing the events it received.').first().waitFor();
    moveVersion(dataDir, 1);
    await workbench.reload();
    await workbench.openViewContainer(category);
    await workbench.widenSideBar(300);
    const table = await openTable(workbench);
    const why = /Couldn’t read events: .*newer version.* Update the extension\./;
    await workbench.view(view).getByText(why).first().waitFor();
    await table.getByText(why).waitFor();
    assert.equal(await workbench.view(view).locator('.message').evaluate(isCut), false);
    await workbench.picture('events-view/unreadable');
    const [reads, ...others] = historyProcesses(dataDir);
    assert.deepEqual([reads !== undefined, others], [true, []]);
    await table.getByRole('button', { name: 'Try Again' }).click();
    await row('Try Again').click();
    await table.getByText(why).waitFor();
    assert.deepEqual(historyProcesses(dataDir), [reads]);
    moveVersion(dataDir, -1);
    await row('Try Again').click();
    await row('dan@example.com').waitFor();
    await table.locator('.rows .row:not([hidden])').filter({ hasText: 'dan@example.com' }).first().waitFor();
    assert.deepEqual(historyProcesses(dataDir), [reads]);
  });

  describe('shows what is not sent yet', () => {
    let failing: Receiver;
    let slow: Receiver;
    let absentPort: number;

    const post = async (type: 'Subscribe' | 'Update' | 'Deactivate', email: string): Promise<void> => {
      const { campaignMonitorUrl } = await statusOf(dataDirs(workbench)[0]!);
      assert.equal((await send(campaignMonitorUrl, { body: sampleBody({ type, email }) })).status, 200);
    };
    const rowSays = (email: string, says: string | RegExp): Promise<void> =>
      workbench.treeRow(view, email).filter({ hasText: says }).waitFor();
    const picture = (name: string): Promise<void> =>
      workbench.picture(`events-view/${name}`, workbench.view(view), 200);
    /** Gives the signature key that an event lacks, also where there are others already. */
    const giveKey = async (email: string, name: string, key: string): Promise<void> => {
      const { quickInputWidget } = workbench;
      const another = quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'New name…' });
      const question = 'A name, not the key itself. Destinations use it to refer to the key (Press';
      const box = workbench.question(question);
      const topic = quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'Signature Key…' });
      await workbench.chooseUntil(workbench.treeRow(view, email), 'Manage Keys and Secrets…', topic);
      await clickAway(topic);
      await another.or(box).first().waitFor();
      if (await another.isVisible()) await clickAway(another);
      await workbench.enter(question, name);
      await quickInputWidget.getByText(`Signature key “${name}”`).waitFor();
      const input = quickInputWidget.locator('input[type="password"]');
      await input.fill(key);
      await input.press('Enter');
    };

    /** Chooses among what can be done about keys and secrets. */
    const chooseTopic = async (label: string): Promise<void> => {
      await workbench.runCommandThatAsks(`${category}: Manage Keys and Secrets…`, 'Keys and Secrets');
      await clickAway(workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: label }).first());
    };

    /** Gives a verify key, also where there are others already. */
    const giveVerifyKey = async (name: string): Promise<void> => {
      const { quickInputWidget } = workbench;
      const another = quickInputWidget.locator('.monaco-list-row').filter({ hasText: 'New name…' });
      const question = 'Any name. The relay tries every verify key (Press';
      const box = workbench.question(question);
      await chooseTopic('Verify Key…');
      await another.or(box).first().waitFor();
      if (await another.isVisible()) await another.click();
      await box.waitFor();
      await workbench.picture('events-view/verify-key');
      await workbench.enter(question, name);
      await quickInputWidget.getByText(`Verify key “${name}”`).waitFor();
      const input = quickInputWidget.locator('input[type="password"]');
      await input.fill('a key');
      await input.press('Enter');
      // It is taken once the extension has looked at it.
      await input.waitFor({ state: 'hidden' });
    };
    const removeRow = (name: string) =>
      workbench.quickInputWidget.locator('.monaco-list-row').filter({ hasText: name });

    before(async () => {
      failing = await startReceiver();
      slow = await startReceiver();
      absentPort = await freePort();
      // Above a table the settings have too little room.
      if (await workbench.page.locator('.part.panel').isVisible())
        await workbench.runCommand('View: Toggle Panel Visibility');
      await changeSettings(workbench, {
        'campaignMonitorRelay.destinations': [
          { url: failing.url, types: ['Subscribe'] },
          { url: slow.url, types: ['Update'], timeoutMs: 600_000 },
          { url: `http://127.0.0.1:${absentPort}/callback`, types: ['Deactivate'] },
        ],
        'campaignMonitorRelay.retryPolicy': undefined,
      });
      await startRelay(workbench);
      await workbench.widenSideBar(600);
    });
    it('says which attempt comes next while the callback fails, and that it was sent once the callback recovers', async () => {
      const email = 'retried@example.com';
      // Long enough to be looked at.
      failing.answer({ status: 500, headers: { 'Retry-After': '10' } });
      await post('Subscribe', email);
      await rowSays(email, /retrying, attempt [2-6] of 6/);
      await picture('retrying');
      failing.answer({ status: 200 });
      await rowSays(email, 'sent 200');
    });

    it('says that an event is held for a key that was not given, and sends it signed once it is', async () => {
      const email = 'held@example.com';
      const name = 'key';
      const receiver = await startReceiver();
      await changeSettings(workbench, {
        'campaignMonitorRelay.destinations': [{ url: receiver.url, signatureKeyName: name }],
      });
      await until(async () => (await statusOf(dataDirs(workbench)[0]!)).missingKeys.includes(name));
      await post('Subscribe', email);
      await rowSays(email, `held: the signature key "${name}" has not been supplied`);
      await picture('held');
      assert.equal(receiver.requests.length, 0);
      await giveKey(email, name, 'a key');
      await workbench.answerDialog('Allow');
      await rowSays(email, 'sent 200');
      const [request] = receiver.requests;
      assert.ok(request && verify(request.body, request.header(signatureHeader) ?? '', ['a key']));
    });

    it('keeps verify keys of any name, and removes the one that is chosen', async () => {
      const [kept, removed] = ['kept', 'removed'];
      for (const name of [kept, removed]) await giveVerifyKey(name);
      await chooseTopic('Remove Key or Credentials…');
      await removeRow(removed).click();
      await removeRow(removed).waitFor({ state: 'hidden' });
      await chooseTopic('Remove Key or Credentials…');
      await removeRow(kept).waitFor();
      assert.equal(await removeRow(removed).count(), 0);
      await workbench.picture('events-view/remove-key');
      await removeRow(kept).click();
      await removeRow(kept).waitFor({ state: 'hidden' });
    });
  });
});
