import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

interface Entry {
  readonly command: string;
  readonly when?: string;
  readonly group?: string;
}
const { contributes } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly menus: Readonly<Record<string, readonly Entry[]>>;
  };
};
const { commands, menus } = contributes;

/** A `when` clause as conditions that all hold: each of some of which one does, or of one that does not. */
type Condition = { readonly not: boolean; readonly either: readonly string[] };

function conditionsOf(when: string): Condition[] {
  return when
    .split(' && ')
    .filter((part) => part !== '')
    .map((part) => {
      const not = part.startsWith('!');
      return { not, either: part.replace(/^!?\(?|\)$/g, '').split(' || ') };
    });
}

/** Of these, a row or a window is never more than one at a time. */
const kinds = new Set(['destination', 'field', 'sample', 'left', 'instance', 'fact', 'lists', 'callback', 'gone']);
for (const kind of ['failure', 'account', 'client', 'list', 'webhook', 'row']) kinds.add(kind);

/** What follows from what: where the first is so, the second is. */
const implied = [
  ['campaignMonitorRelay.sendingPaused', 'campaignMonitorRelay.state == running'],
  ['listDoubleSelection', 'listMultiSelection'],
] as const;

/** The most of these entries, all of one view, that are ever seen together. */
function mostTogether(entries: readonly Entry[]): readonly Entry[] {
  const conditions = new Map(entries.map((entry) => [entry, conditionsOf(entry.when ?? '')]));
  const atoms = [...new Set([...conditions.values()].flat().flatMap(({ either }) => either))].filter(
    (atom) => !/^(?:view|webviewId) ==/.test(atom),
  );
  const kindOf = (atom: string): boolean => kinds.has(/;(\w+);/.exec(atom)?.[1] ?? '');
  let most: readonly Entry[] = [];
  for (let set = 0; set < 2 ** atoms.length; set += 1) {
    const so = new Set(atoms.filter((_, at) => Math.floor(set / 2 ** at) % 2 === 1));
    if ([...so].filter(kindOf).length > 1) continue;
    if (implied.some(([one, other]) => so.has(one) && atoms.includes(other) && !so.has(other))) continue;
    const seen = entries.filter((entry) =>
      conditions
        .get(entry)
        ?.every(
          ({ not, either }) => either.some((atom) => so.has(atom) || /^(?:view|webviewId) ==/.test(atom)) !== not,
        ),
    );
    if (seen.length > most.length) most = seen;
  }
  return most;
}

/** The view that an entry stands in. */
function viewOf({ when = '' }: Entry): string {
  return /^(?:view|webviewId) == '?([\w.]+)/.exec(when)?.[1] ?? '';
}

function holdAtMost(most: number, menu: string, isMeant: (entry: Entry) => boolean): void {
  const entries = (menus[menu] ?? []).filter(isMeant);
  for (const view of new Set(entries.map(viewOf))) {
    assert.notEqual(view, '');
    const seen = mostTogether(entries.filter((entry) => viewOf(entry) === view));
    assert.ok(seen.length > 0 && seen.length <= most, `${view}: ${seen.map(({ command }) => command).join(', ')}`);
  }
}

describe('The surface of the extension', () => {
  it('has at most 65 commands and 141 entries of menus', () => {
    assert.ok(commands.length <= 65, `${commands.length} commands`);
    const entries = Object.values(menus).flat();
    assert.ok(entries.length <= 141, `${entries.length} entries`);
  });

  it('has no context menu of more than twelve entries', () => {
    for (const menu of ['view/item/context', 'webview/context'])
      holdAtMost(12, menu, ({ group }) => group?.startsWith('inline') !== true);
  });

  it('has no title of a view with more than three icons', () => {
    holdAtMost(3, 'view/title', ({ group }) => group?.startsWith('navigation') === true);
  });

  it('keeps out of the palette what rows alone can do, and offers there what one looks for', () => {
    const hidden = (menus.commandPalette ?? []).filter(({ when }) => when === 'false').map(({ command }) => command);
    const offered = commands.flatMap(({ command }) =>
      hidden.includes(command) ? [] : [command.replace('campaignMonitorRelay.', '')],
    );
    for (const name of ['resend', 'showTable', 'sendSample', 'togglePublicUrl', 'checkCallback', 'refresh'])
      assert.ok(offered.includes(name), name);
    for (const name of ['sampleReceiver', 'deleteOldWebhooks', 'copy', 'copyAs', 'exportSelection', 'discard', 'send'])
      assert.ok(!offered.includes(name), name);
  });
});
