import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { activeAgainEvents } from '../../src/sandbox/campaign-monitor/subscribers.ts';
import { testBodies } from '../../src/sandbox/campaign-monitor/state.ts';
import { eventSources } from '../../src/sandbox/open-connectors/state.ts';
import { startHarness, type Harness } from '../sandbox/harness.ts';

/** What a choice of words can be. */
const choices: Readonly<Record<string, readonly string[]>> = {
  testBody: testBodies,
  consentToTrack: ['optional', 'required'],
  activeAgain: activeAgainEvents,
  eventSource: eventSources,
};

/** The tables of the page's section of settings, each with its rows: name, default, meaning. */
function tables(): string[][][] {
  const page = readFileSync(new URL('../../docs/sandbox.md', import.meta.url), 'utf8');
  const section = page.split('\n## Settings\n')[1]?.split('\n## ')[0] ?? '';
  return section.split(/^\| setting .*\n.*\n/m).flatMap((each, index) => {
    if (index === 0) return [];
    const rows = each.split('\n\n')[0]?.trim().split('\n') ?? [];
    return [
      rows.map((row) =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      ),
    ];
  });
}

describe('docs/sandbox.md', () => {
  let harness: Harness;

  before(async () => (harness = await startHarness()));
  after(() => harness.close());

  for (const [index, part] of ['', '/open-connectors'].entries()) {
    const path = `${part}/settings`;
    it(`has each setting of PATCH ${path} with its default and its choices, and so has the list of controls`, async () => {
      const { settings: defaults } = (await harness.control('GET', part)).body as { settings: object };
      const rows = tables()[index] ?? [];
      assert.deepEqual(
        rows.map(([name, value]) => [name, value]),
        Object.entries(defaults).map(([name, value]) => [`\`${name}\``, `\`${JSON.stringify(value)}\``]),
      );
      for (const [name, , meaning = ''] of rows) {
        const named = choices[name?.slice(1, -1) ?? ''] ?? [];
        assert.deepEqual(
          named.filter((each) => !meaning.includes(`\`${each}\``)),
          [],
          name,
        );
      }
      for (const name of Object.keys(defaults)) {
        const { status, body } = await harness.control('PATCH', path, { [name]: 'no value of it' });
        assert.match(`${status} ${JSON.stringify(body)}`, new RegExp(`^400 .*at ${name}`), `${name} is a setting`);
      }
      const { controls } = (await harness.control('GET', '')).body as { controls: Readonly<Record<string, string>> };
      const told = controls[`PATCH /sandbox${path}`] ?? '';
      assert.deepEqual([...told.matchAll(/\w+/g)].map(([name]) => name).sort(), Object.keys(defaults).sort());
    });
  }
});
