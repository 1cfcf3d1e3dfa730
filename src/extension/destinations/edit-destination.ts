import { isDeepStrictEqual } from 'node:util';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import type { ListNaming } from '../ui/phrases.ts';
import { CommandError } from '../ui/command-error.ts';
import { byKeyToo } from '../ui/focused-rows.ts';
import { byCommand } from '../ui/offer.ts';
import { alone, askChoice, askChoices, askText, only } from '../ui/questions.ts';
import { showStatusMessage } from '../ui/status-message.ts';
import type { CommandHandlers } from '../commands.ts';
import { openDestinationSetting, placeOfDestination, readEntries, writeDestinations } from './destination-settings.ts';
import type { DestinationNode, DestinationsNode } from './destination-settings.ts';
import type { DestinationSetting } from '../settings.ts';
import type { DestinationsView } from './destinations-view.ts';
import { fieldRows, formatChoices, joinParts, nameOfDestination, type DestinationField } from './destination-words.ts';
import { problemOfUrl, typedUrl } from './callback-url.ts';
import { chooseSecret } from '../secrets/secret-commands.ts';
import type { CredentialConsents, SecretUse } from '../consents/credential-consent.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import type { Destination, SampleAnswer } from '../../protocol/settings.ts';
import { connected, type Session } from '../session/session.ts';

export interface DestinationCommandParts {
  readonly secrets: SecretBox;
  readonly consents: CredentialConsents;
  readonly view: DestinationsView;
  readonly names: ListNaming;
}

export function createDestinationCommands(parts: DestinationCommandParts): CommandHandlers<'destinations'> {
  return {
    addDestination,
    editDestination: async (node?: DestinationsNode) => {
      const { setting } = chosenDestination(node);
      if (node?.kind === 'field') await change(parts, setting, node.field);
      else await edit(parts, setting, node);
    },
    removeDestination: byKeyToo(parts.view.focused, async (node?: DestinationsNode) => remove(chosenDestination(node))),
    openDestinations: () => openDestinationSetting(),
  };
}

export function chosenDestination(node: DestinationsNode | undefined): DestinationNode {
  switch (node?.kind) {
    case 'destination':
      return node;
    case 'field':
      return node.of;
    case 'sample':
      throw new CommandError(
        say('The sample receiver isn’t in your settings'),
        say('To replace the sample receiver, add a destination.'),
        { title: say('Add Destination'), command: 'addDestination' },
      );
    case 'wrong':
      throw new CommandError(
        say('This destination isn’t valid'),
        say('Correct it in the settings, and then try again.'),
        { title: say('Open Setting'), command: 'openDestinations' },
      );
    case 'left':
      throw new CommandError(
        say('This destination is no longer in the settings'),
        say(
          'The destination disappears when no events are waiting or held for it. To discard the waiting and held events of all destinations, choose Discard All Waiting and Held.',
        ),
      );
    case undefined:
      throw new CommandError(
        say('No destination is selected'),
        say('Select a destination in the Destinations view, and then try again.'),
      );
  }
}

async function addDestination(): Promise<boolean> {
  const title = say('Add Destination');
  const url = await askUrl(title, 'http://localhost:3000/callback');
  const setting = url === undefined ? undefined : await askFormat(title, { url });
  if (setting === undefined) return false;
  const { entries } = readEntries();
  await writeDestinations([...entries, setting]);
  showStatusMessage(say('Added {0}.', nameOfDestination(setting, [])));
  return true;
}

async function edit(
  parts: DestinationCommandParts,
  setting: DestinationSetting,
  node: DestinationsNode | undefined,
): Promise<void> {
  const title = say('Edit Destination');
  let current = setting;
  type Choice = vscode.QuickPickItem & { readonly field?: DestinationField; readonly run?: () => unknown };
  for (;;) {
    const rows = fieldRows(current, parts.names).map(({ field, label, value }): Choice => ({
      label: `$(edit) ${label}`,
      description: value,
      field,
    }));
    const enough: Choice = { label: `$(check) ${say('Done')}` };
    const others: readonly Choice[] = [
      {
        label: `$(debug-alt) ${say('Debugging')}`,
        description: say('How to start your handler in the debugger'),
        run: byCommand('chooseHandlerConfiguration', node),
      },
      {
        label: `$(checklist) ${say('Checks')}`,
        description: say('How to count your callback’s contacts'),
        run: byCommand('chooseProbe', node),
      },
    ];
    const rest: Choice = {
      label: `$(gear) ${say('Open Setting')}`,
      description: say('headers, timeout, order, and certificates'),
      run: openDestinationSetting,
    };
    const items = [enough, ...rows, ...others, rest];
    const placeholder = say('Choose a setting to change');
    const choice = await only(askChoice<Choice>(alone(title), { placeholder, items }));
    if (choice?.field === undefined) {
      await choice?.run?.();
      return;
    }
    current = (await change(parts, current, choice.field)) ?? current;
  }
}

async function change(
  parts: DestinationCommandParts,
  setting: DestinationSetting,
  field: DestinationField,
): Promise<DestinationSetting | undefined> {
  const changed = await askField(parts, setting, field);
  if (changed === undefined) return undefined;
  const { entries } = readEntries();
  const at = placeOfDestination(entries, setting);
  const write = (): Promise<void> => writeDestinations(entries.with(at, changed));
  const { url, insecureTls = false } = changed;
  // The user has just decided where this secret may be sent; for other secrets, the user is asked.
  const [use] =
    field === 'signatureKeyName' || field === 'credentialsName'
      ? parts.consents.stored({ url, insecureTls, [field]: changed[field] })
      : [];
  await (use === undefined ? write() : writeAllowed(parts.consents, use, write));
  return changed;
}

/** Allows the use before writing, so that the user isn't asked about it. Takes it back if writing fails. */
async function writeAllowed(consents: CredentialConsents, use: SecretUse, write: () => Promise<void>): Promise<void> {
  const before = consents.of(use);
  await consents.record([use], 'allowed');
  try {
    await write();
  } catch (error) {
    await (before === undefined
      ? consents.forget((each) => isDeepStrictEqual(each, use))
      : consents.record([use], before));
    throw error;
  }
}

async function askField(
  { secrets, names }: DestinationCommandParts,
  setting: DestinationSetting,
  field: DestinationField,
): Promise<DestinationSetting | undefined> {
  const title = say('Destination {0}', nameOfDestination(setting, []));
  switch (field) {
    case 'url': {
      const url = await askUrl(title, setting.url);
      return url === undefined ? undefined : { ...setting, url };
    }
    case 'mode':
      return askFormat(title, setting);
    case 'types': {
      const { types: before = [] } = setting;
      const known = [...new Set([...webhookEventTypes, ...before])];
      const asked = askChoices(alone(title), {
        placeholder: say('Event types to send'),
        items: () => known.map((label) => ({ label, picked: before.length === 0 || before.includes(label) })),
        check: () => undefined,
      });
      const choice = await only(asked);
      if (choice === undefined) return undefined;
      const types = choice.map(({ label }) => label);
      // All types, or none, means no filter.
      return types.length === 0 || types.length === known.length ? without(setting, field) : { ...setting, types };
    }
    case 'lists': {
      const { lists: before = [] } = setting;
      const known = before.flatMap((id) => names.nameOfList(id) ?? []).join(', ');
      const asked = askText(alone(title), {
        prompt: joinParts([say('List IDs, separated by commas. Leave empty for all lists'), known]),
        value: before.join(', '),
        check: () => undefined,
      });
      const text = await only(asked);
      if (text === undefined) return undefined;
      const lists = text.split(/[\s,;]+/).filter((id) => id !== '');
      return lists.length === 0 ? without(setting, field) : { ...setting, lists };
    }
    case 'signatureKeyName': {
      const name = await chooseSecret(secrets, 'signatureKeys', title, setting.signatureKeyName);
      if (name === undefined) return undefined;
      return name === null ? without(setting, field) : { ...setting, signatureKeyName: name };
    }
    case 'credentialsName': {
      const name = await chooseSecret(secrets, 'credentials', title, setting.credentialsName);
      if (name === undefined) return undefined;
      return name === null ? without(setting, field) : { ...setting, credentialsName: name };
    }
  }
}

function without(setting: DestinationSetting, field: Exclude<DestinationField, 'url'>): DestinationSetting {
  const { url, ...rest } = setting;
  return { url, ...Object.fromEntries(Object.entries(rest).filter(([key]) => key !== field)) };
}

async function remove({ setting, status }: DestinationNode): Promise<void> {
  const name = nameOfDestination(setting, []);
  const confirm = say('Remove');
  const waiting = status?.waiting ?? 0;
  const choice = await vscode.window.showWarningMessage(
    say('Remove the destination {0}?', name),
    {
      modal: true,
      detail:
        waiting === 0
          ? say('New events won’t be sent to this destination.')
          : say(
              'New events won’t be sent to this destination. Waiting notifications ({0}) stay, and are sent when possible unless you discard them.',
              waiting,
            ),
    },
    confirm,
  );
  if (choice !== confirm) return;
  const { entries } = readEntries();
  const at = placeOfDestination(entries, setting);
  await writeDestinations(entries.toSpliced(at, 1));
  showStatusMessage(say('Removed {0}.', name));
}

async function askFormat(title: string, setting: DestinationSetting): Promise<DestinationSetting | undefined> {
  const items = formatChoices();
  const active = items.find(({ mode }) => mode === setting.mode);
  const choice = await only(askChoice(alone(title), { placeholder: say('Which format?'), items, active }));
  if (choice === undefined) return undefined;
  return choice.mode === undefined ? without(setting, 'mode') : { ...setting, mode: choice.mode };
}

async function askUrl(title: string, value: string): Promise<string | undefined> {
  const asked = askText(alone(title), {
    prompt: say('The URL of your callback'),
    value,
    check: (text) => problemOfUrl(typedUrl(text), say('Leave out the user name and password: use credentials instead')),
  });
  const text = await only(asked);
  return text && typedUrl(text);
}

export async function chooseSampleAnswer(session: Pick<Session, 'client'>): Promise<void> {
  const client = connected(session);
  const destinations = async (): Promise<readonly Destination[]> =>
    (await client.request('relay/status', {})).settings.destinations;
  const current = (await destinations()).find(({ sample }) => sample !== undefined);
  if (current === undefined) {
    throw new CommandError(
      say('The sample receiver isn’t in use'),
      say('The sample receiver answers only while you have no destinations.'),
    );
  }
  const answers: (vscode.QuickPickItem & { answer: SampleAnswer })[] = [
    { label: `$(pass) ${say('200: accepts each notification')}`, answer: 'ok' },
    { label: `$(error) ${say('500: fails, so the relay retries')}`, answer: 'error' },
    { label: `$(watch) ${say('Slow: accepts each notification after five seconds')}`, answer: 'slow' },
  ];
  for (const each of answers) if (each.answer === current.sample) each.description = say('now');
  const choice = await vscode.window.showQuickPick(answers, {
    title: say('Sample Receiver’s Answer'),
    placeHolder: say('Used until you add a destination'),
  });
  if (choice === undefined) return;
  const changed = (await destinations()).map((each) =>
    each.sample === undefined ? each : { ...each, sample: choice.answer },
  );
  await client.request('relay/configure', { settings: { destinations: changed } });
  showStatusMessage(say('The sample receiver now answers: {0}', choice.label));
}
