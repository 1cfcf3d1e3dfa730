/** What keeps the callback URLs of managed instances true in this window: the user is asked as the setting says. */
import * as vscode from 'vscode';
import { atThisWindow } from '../../ui/attention.ts';
import { commandId, prefix } from '../../commands.ts';
import { inMessage, printable } from '../../ui/printable.ts';
import { callbackUrls } from '../../relay/urls.ts';
import type { Session } from '../../relay/session.ts';
import { configuration } from '../../relay/settings.ts';
import { shownUrl } from './instance-words.ts';
import type { InstanceStore } from './instance-store.ts';
import type { InstancesView } from './instances-view.ts';
import type { Platform } from '../platform.ts';
import { UrlKeeper } from './url-keeper.ts';
import type { KeepUrl, UrlKeeperParts } from './url-keeper.ts';

const setting = 'instances.keepUrl';

export interface KeepUrlsParts {
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly platform: Platform;
  readonly store: InstanceStore;
  readonly view: InstancesView;
}

/** The keeper with what it needs of VS Code and of this window. */
export function createUrlKeeper(parts: KeepUrlsParts): UrlKeeper {
  return new UrlKeeper(keeperParts(parts));
}

function keeperParts({ session, log, platform, store, view }: KeepUrlsParts): UrlKeeperParts {
  return {
    relay: () => callbackUrls(session, platform),
    setting: () => configuration().get<KeepUrl>('instances.keepUrl', 'ask'),
    managed: () => store.all(platform.host),
    read: async (id) => {
      const api = await platform.api();
      try {
        return await api?.getInstance(id);
      } catch (error) {
        // Deleted elsewhere: there is nothing to keep true.
        if ((error as { status?: unknown }).status === 404) return undefined;
        throw error;
      }
    },
    setCallback: async (id, url) => {
      const api = await platform.api();
      if (api === undefined) throw new Error(vscode.l10n.t('The secrets of {0} are not set', platform.host));
      await api.patchInstance(id, { configuration: { 'event.notification.callback.url': url } });
    },
    attention: atThisWindow,
    ask: async (stale) => {
      const { l10n } = vscode;
      const update = l10n.t('Update Callback URL');
      const always = l10n.t('Always Update');
      const choice = await vscode.window.showInformationMessage(
        stale.length === 1
          ? l10n.t('The relay’s public URL has changed. The instance {0} still posts to the old one.', namesOf(stale))
          : l10n.t(
              'The relay’s public URL has changed. {0} instances still post to the old one: {1}.',
              stale.length,
              namesOf(stale),
            ),
        update,
        always,
        l10n.t('Not Now'),
      );
      return choice === update ? 'once' : choice === always ? 'always' : undefined;
    },
    allowAlways: async () => {
      await configuration().update(setting, 'always', vscode.ConfigurationTarget.Global);
    },
    done: (updated, url) => {
      log.info(`the callback URL of ${namesOf(updated)} was set to ${shownUrl(url)}`);
      void view.refresh();
      const show = vscode.l10n.t('Show Instances');
      void vscode.window
        .showInformationMessage(
          vscode.l10n.t('The callback URL of {0} now is {1}.', namesOf(updated), shownUrl(url)),
          show,
        )
        .then((choice) => (choice === show ? vscode.commands.executeCommand(`${prefix}.instances.focus`) : undefined));
    },
    failed: async (failures) => {
      const { l10n } = vscode;
      for (const failure of failures) {
        log.error(
          failure.kind === 'setting'
            ? `the setting was not written: ${failure.error.message}`
            : `the callback URL of ${printable(failure.name)} was not kept true: ${failure.error.message}`,
        );
      }
      const instances = failures.filter((failure) => failure.kind === 'instance');
      const why = inMessage((instances[0] ?? failures[0])?.error.message ?? '');
      const again = l10n.t('Try Again');
      const show = l10n.t('Show Log');
      const choice = await vscode.window.showErrorMessage(
        instances.length === 0
          ? l10n.t('That callback URLs are always updated could not be kept in the settings: {0}', why)
          : l10n.t('The callback URL of {0} may still be the old one: {1}', namesOf(instances), why),
        again,
        show,
      );
      if (choice === show) await vscode.commands.executeCommand(commandId('showLog'));
      return choice === again;
    },
  };
}

function namesOf(all: readonly { readonly name: string }[]): string {
  return all.map(({ name }) => inMessage(name, 60)).join(', ');
}
