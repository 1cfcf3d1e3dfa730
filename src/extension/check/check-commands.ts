import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { isSameUrl } from '../../common/same-url.ts';
import type { CommandHandlers } from '../commands.ts';
import { prefix } from '../prefix.ts';
import { readDestinations, type DestinationsNode } from '../destinations/destination-settings.ts';
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

async function presentSetting(setting: DestinationSetting): Promise<DestinationSetting> {
  const { destinations } = await readDestinations();
  const same = destinations.filter(({ url, id }) => isSameUrl(url, setting.url) && id === setting.id);
  const present = same.find((each) => isDeepStrictEqual(each, setting)) ?? same[0];
  if (present !== undefined) return present;
  throw new CommandError(
    say('This destination is no longer in the settings'),
    say('Add your callback as a destination.'),
    { title: say('Add Destination'), command: 'addDestination' },
  );
}

async function askDestination({ destinations }: CheckParts): Promise<DestinationSetting | undefined> {
  const nodes = await destinations.nodes();
  const [first = (await readDestinations()).checked[0], second] = nodes;
  if (first === undefined) {
    throw new CommandError(say('You have no callback to check'), say('Add your callback as a destination.'), {
      title: say('Add Destination'),
      command: 'addDestination',
    });
  }
  if (second === undefined) return chosenDestination(first).setting;
  const all = nodes.map(({ setting }) => setting);
  const items = nodes.map(({ setting }) => ({ label: nameOfDestination(setting, all), setting }));
  const choice = await vscode.window.showQuickPick(items, {
    title: say('Check My Callback'),
    placeHolder: say('Which destination do you want to check?'),
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
  const agreed = state.get<readonly string[]>(agreedKey, []);
  if (agreed.includes(url)) return true;
  const { allChecksMs, spanWords } = await import('./engine.ts');
  const go = say('Check');
  const choice = await vscode.window.showWarningMessage(
    say('Check {0}?', inMessage(placeOf(url), 300)),
    {
      modal: true,
      detail: [
        say('Sends about 1,300 test events to this destination only.'),
        say('Usually takes about a minute; at most {0}.', spanWords(allChecksMs)),
        say(
          'Some events arrive twice, late, out of order, truncated, 20 at once, or with a forged signature. A callback that can’t handle such events may fail or exit.',
        ),
        say(
          'The contacts your callback creates remain; their addresses contain “check-”. Use a test system, not production.',
        ),
        say('You won’t be asked again for this URL.'),
      ].join('\n\n'),
    },
    go,
  );
  if (choice !== go) return false;
  await state.update(agreedKey, [...agreed, url]);
  return true;
}
