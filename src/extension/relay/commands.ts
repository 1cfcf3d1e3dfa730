import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { HeldAtStop } from '../../protocol/debug.ts';
import type { Status } from '../../protocol/status.ts';
import type { CommandHandlers } from '../commands.ts';
import { withNext } from '../ui/error-words.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { copy } from '../ui/status-message.ts';
import { manageSecrets, type PlatformSecrets } from '../secrets/manage-secrets.ts';
import { newSecretUrl } from '../public-url/new-secret-url.ts';
import { sayReopening, openTunnel } from '../public-url/tunnel-questions.ts';
import { askAboutHeld } from '../sending/sending.ts';
import { chooseSampleAnswer } from '../destinations/edit-destination.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import { openSettings } from '../session/session-messages.ts';
import { OtherVersionError, type Session } from '../session/session.ts';
import { SettingsError } from '../session/settings.ts';
import { copyDiagnostics } from './diagnostics.ts';
import type { StoppedHistory } from '../session/stopped-history.ts';
import { isTunnelOn } from '../status/context-keys.ts';
import { showStatusMenu } from '../status/status-menu.ts';
import type { UrlKeeper } from '../public-url/url-keeper.ts';
import { GivenUpError, inView, working, type ProgressPlace } from '../ui/progress.ts';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execPath } from 'node:process';
import { shellQuoted } from '../../common/programs/shell-quote.ts';

export interface RelayCommandParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly secrets: SecretBox;
  readonly history: Pick<StoppedHistory, 'reader'>;
  readonly view: ProgressPlace;
  readonly urlKeeper: UrlKeeper;
  readonly platformSecrets: PlatformSecrets;
  readonly sandboxFacts: () => Promise<(() => Promise<void>) | undefined>;
  /** Resolves to whether to stop the relay. */
  readonly beforeStop: () => Promise<boolean>;
}

const extensionId = 'cm-relay.campaign-monitor-relay';

export function createRelayCommands(parts: RelayCommandParts): CommandHandlers<'relay'> {
  const { session, log, secrets } = parts;
  return {
    start: () => start(parts),
    stop: async () => {
      // Ask before changing webhooks.
      const held = await askAboutHeld(session.status?.sending);
      if (held !== undefined && (await parts.beforeStop())) await stop(parts, held);
    },
    restart: async () => {
      await stop(parts, 'keep');
      await start(parts);
    },
    showStatus: () => showStatusMenu(session),
    openTunnel: () => openPublicUrl(parts),
    togglePublicUrl: () =>
      isTunnelOn(session.status?.tunnel.state ?? 'closed') ? session.closeTunnel() : openPublicUrl(parts),
    chooseTunnel: async () => {
      const { chooseTunnel } = await import('../public-url/choose-tunnel.ts');
      if (await chooseTunnel()) await openPublicUrl(parts);
    },
    showLog: () => log.show(),
    copyDiagnostics: () => copyDiagnostics(parts),
    copyUrl: (which?: unknown) => copyUrl(parts, which),
    newSecretUrl: () => newSecretUrl(session, parts.urlKeeper),
    openSettings: () => openSettings(`@ext:${extensionId}`),
    openTerminal: () => openRelayTerminal(parts.context, session),
    sampleReceiver: () => chooseSampleAnswer(session),
    manageSecrets: (topic?: unknown) =>
      manageSecrets(
        { secrets, platform: parts.platformSecrets, chooseConsents: () => session.chooseConsents() },
        topic,
      ),
  };
}

async function openPublicUrl(parts: RelayCommandParts): Promise<void> {
  const { session } = parts;
  if (session.client === undefined && !(await bringUp(parts))) return;
  await openTunnel(session);
}

/** Can't be canceled, because the relay first finishes what is in progress. */
function stop({ session, view }: RelayCommandParts, held: HeldAtStop): Promise<void> {
  return inView(view, say('Stopping relay'), () => session.stop(held));
}

async function start(parts: RelayCommandParts): Promise<void> {
  const { session } = parts;
  const began = Date.now();
  const isRunning = await bringUp(parts);
  // Not if the window only attached to a running relay.
  if (isRunning && Date.parse(session.status?.startedAt ?? '') >= began) void sayReopening(session);
}

async function bringUp(parts: RelayCommandParts): Promise<boolean> {
  const { session } = parts;
  try {
    await working(say('Starting relay'), (signal) => session.start(signal));
    return true;
  } catch (error) {
    // Not awaited: the message may stay open, and the caller continues.
    if (!(error instanceof GivenUpError)) void explainStart(parts, error as Error);
    return false;
  }
}

function explainStart({ log }: RelayCommandParts, error: Error): Promise<void> {
  log.error(`the relay did not start: ${error.message}`);
  if (error instanceof SettingsError) {
    const { setting = '', message = '' } = error.problems[0] ?? {};
    const text = say('The relay didn’t start because the setting {0} can’t be used: {1}.', setting, message);
    return offer('Warning', text, { [say('Open Setting')]: () => openSettings(setting) });
  }
  const isOther = error instanceof OtherVersionError;
  return offer('Warning', say('The relay didn’t start: {0}', withNext(error)), {
    ...(isOther ? { [say('Restart Relay')]: byCommand('restart') } : { [say('Try Again')]: byCommand('start') }),
    [say('Show Log')]: () => log.show(),
  });
}

const urls = {
  campaignMonitor: (status: Status): string => status.publicCampaignMonitorUrl ?? status.campaignMonitorUrl,
  openConnectors: (status: Status): string => status.publicOpenConnectorsUrl ?? status.openConnectorsUrl,
  public: (status: Status): string | null => status.publicUrl,
} as const;

async function copyUrl({ session, sandboxFacts }: RelayCommandParts, which: unknown): Promise<void> {
  const { status } = session;
  const isNamed = typeof which === 'string' && which in urls;
  const copyFacts = isNamed ? undefined : await sandboxFacts();
  const chosen = isNamed ? (which as keyof typeof urls) : await chooseUrl(status, copyFacts !== undefined);
  if (chosen === undefined) return;
  if (chosen === 'sandbox') return copyFacts?.();
  const url = status === undefined ? null : urls[chosen](status);
  if (url === null) {
    return offer('Information', say('No public URL is open.'), {
      [say('Open Public URL')]: byCommand('openTunnel'),
    });
  }
  const local = /^http:\/\/127\.0\.0\.1[:/]/.test(url);
  await copy(url, local ? say('Copied. This URL is reachable from this machine only.') : undefined);
}

async function chooseUrl(
  status: Status | undefined,
  hasSandbox: boolean,
): Promise<keyof typeof urls | 'sandbox' | undefined> {
  const items: (vscode.QuickPickItem & { readonly which: keyof typeof urls | 'sandbox' })[] = [];
  const isPublic = typeof status?.publicUrl === 'string';
  if (status !== undefined) {
    const description = isPublic ? '' : say('reachable from this machine only');
    items.push(
      {
        label: say('Campaign Monitor Webhook URL'),
        detail: say('Use this URL in a list’s webhook'),
        description,
        which: 'campaignMonitor',
      },
      {
        label: say('Open Connectors Webhook URL'),
        detail: say('Use this URL as an instance’s callback URL'),
        description,
        which: 'openConnectors',
      },
    );
  }
  if (isPublic)
    items.push({
      label: say('Public URL'),
      detail: say('Base URL; can’t receive deliveries by itself'),
      which: 'public',
    });
  if (hasSandbox)
    items.push({
      label: say('Sandbox URLs and Credentials'),
      detail: say('Lines for a terminal, so that your programs can use the sandbox'),
      which: 'sandbox',
    });
  const choice = await vscode.window.showQuickPick(items, {
    title: say('Copy URL or Credential'),
    placeHolder: say('Choose what to copy'),
  });
  return choice?.which;
}

export async function openRelayTerminal(context: vscode.ExtensionContext, session: Session): Promise<void> {
  const folder = join(context.globalStorageUri.fsPath, 'bin');
  await mkdir(folder, { recursive: true });
  const script = context.asAbsolutePath('dist/cm-relay.js');
  if (process.platform === 'win32') {
    await writeFile(join(folder, 'cm-relay.cmd'), windowsScript(execPath, script));
  } else {
    const file = join(folder, 'cm-relay');
    await writeFile(
      file,
      `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${shellQuoted(execPath)} ${shellQuoted(script)} "$@"\n`,
    );
    await chmod(file, 0o755);
  }
  const terminal = vscode.window.createTerminal({
    name: 'cm-relay',
    iconPath: new vscode.ThemeIcon('broadcast'),
    env: { CM_RELAY_DATA_DIR: session.dataDir, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
    message: say('cm-relay uses this window’s relay. Try: cm-relay events'),
  });
  terminal.show();
}

/** Runs in the user's own shell, so it must not change the shell's variables. */
export function windowsScript(node: string, script: string): string {
  return ['@setlocal', '@set ELECTRON_RUN_AS_NODE=1', `@"${node}" "${script}" %*`, ''].join('\r\n');
}
