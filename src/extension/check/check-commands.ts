import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { isSameUrl } from '../../common/same-url.ts';
import type { CommandHandlers } from '../commands.ts';
import { prefix } from '../prefix.ts';
import type { DestinationsNode } from '../destinations/destination-node.ts';
import { readDestinations } from '../destinations/destination-settings.ts';
import type { DestinationSetting } from '../settings.ts';
import { nameOfDestination } from '../destinations/destination-words.ts';
import type { DestinationsView } from '../destinations/destinations-view.ts';
import { chosenDestination } from '../destinations/edit-destination.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import type { Session } from '../session/session.ts';
import { CommandError } from '../ui/command-error.ts';
import { placeOf } from '../ui/phrases.ts';
import { inMessage } from '../ui/printable.ts';
import type { CheckAgain, CheckPanels } from './check-panels.ts';
import { targetOf } from './checked-destination.ts';
import { askProbe, chosenProbe, probeOf } from './probe-choice.ts';

export interface CheckParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly secrets: SecretBox;
  readonly destinations: DestinationsView;
  readonly panels: CheckPanels;
}

export function createCheckCommands(parts: CheckParts): CommandHandlers<'check'> {
  const { workspaceState } = parts.context;
  const { panels } = parts;
  return {
    checkCallback: async (node?: DestinationsNode | CheckAgain) => {
      if (node?.kind === 'again') await check(parts, { ...node, setting: await presentSetting(node.setting) });
      else {
        const setting = node === undefined ? await askDestination(parts) : chosenDestination(node).setting;
        if (setting !== undefined) await check(parts, { kind: 'again', setting, only: null });
      }
    },
    chooseProbe: async (node?: DestinationsNode | CheckAgain) => {
      const { setting } = node?.kind === 'again' ? node : chosenDestination(node);
      const choice = await askProbe(workspaceState, setting.url);
      if (choice !== undefined) panels.probeChanged(setting, choice);
    },
  };
}

/** @throws CommandError if it was removed from the settings */
async function presentSetting(setting: DestinationSetting): Promise<DestinationSetting> {
  const { destinations } = await readDestinations();
  const same = destinations.filter(({ url, id }) => isSameUrl(url, setting.url) && id === setting.id);
  const present = same.find((each) => isDeepStrictEqual(each, setting)) ?? same[0];
  if (present !== undefined) return present;
  const { l10n } = vscode;
  throw new CommandError(
    l10n.t('This destination is no longer in the settings'),
    l10n.t('Add your callback as a destination.'),
    { title: l10n.t('Add Destination'), command: 'addDestination' },
  );
}

/** @throws CommandError if there is none */
async function askDestination({ destinations }: CheckParts): Promise<DestinationSetting | undefined> {
  const { l10n } = vscode;
  const nodes = await destinations.nodes();
  const [first = (await readDestinations()).checked[0], second] = nodes;
  if (first === undefined) {
    throw new CommandError(l10n.t('You have no callback to check'), l10n.t('Add your callback as a destination.'), {
      title: l10n.t('Add Destination'),
      command: 'addDestination',
    });
  }
  if (second === undefined) return chosenDestination(first).setting;
  const all = nodes.map(({ setting }) => setting);
  const items = nodes.map(({ setting }) => ({ label: nameOfDestination(setting, all, l10n), setting }));
  const choice = await vscode.window.showQuickPick(items, {
    title: l10n.t('Check My Callback'),
    placeHolder: l10n.t('Which destination do you want to check?'),
  });
  return choice?.setting;
}

async function check(
  { context: { workspaceState }, session, secrets, panels }: CheckParts,
  { setting, only }: CheckAgain,
): Promise<void> {
  if (panels.isRunning(setting)) {
    panels.reveal(setting);
    return;
  }
  if (!(await isAgreed(workspaceState, setting.url))) return;
  const target = await targetOf(setting, { session, secrets });
  if (target === undefined) return;
  const choice = chosenProbe(workspaceState, setting.url) ?? (await askProbe(workspaceState, setting.url));
  if (choice === undefined) return;
  const asked = probeOf(choice, await import('./engine.ts'), target.mask);
  await panels.run({ setting, target, asked, choice, only });
}

const agreedKey = `${prefix}.checkedCallbacks`;

async function isAgreed(state: vscode.Memento, url: string): Promise<boolean> {
  const { l10n } = vscode;
  const agreed = state.get<readonly string[]>(agreedKey, []);
  if (agreed.includes(url)) return true;
  const { allChecksMs, spanWords } = await import('./engine.ts');
  const go = l10n.t('Check');
  const choice = await vscode.window.showWarningMessage(
    l10n.t('Check {0}?', inMessage(placeOf(url), 300)),
    {
      modal: true,
      detail: [
        l10n.t('Sends about 1,300 test events to this destination only.'),
        l10n.t('Usually takes about a minute; at most {0}.', spanWords(allChecksMs, l10n)),
        l10n.t(
          'Some events arrive twice, late, out of order, truncated, 20 at once, or with a forged signature. A callback that can’t handle such events may fail or exit.',
        ),
        l10n.t(
          'The contacts your callback creates remain; their addresses contain “check-”. Use a test system, not production.',
        ),
        l10n.t('You won’t be asked again for this URL.'),
      ].join('\n\n'),
    },
    go,
  );
  if (choice !== go) return false;
  await state.update(agreedKey, [...agreed, url]);
  return true;
}
