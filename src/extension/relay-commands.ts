/** Commands about the relay itself: start and stop, URLs, log, terminal, keys. */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execPath } from 'node:process';
import * as vscode from 'vscode';
import type { Status } from '../protocol.ts';
import { commandId, prefix } from './commands.ts';
import type { CommandHandlers } from './commands.ts';
import type { SampleAnswer, SampleReceiver } from './sample-receiver.ts';
import type { SecretBox } from './secrets.ts';
import { SettingsError } from './session.ts';
import type { Session } from './session.ts';
import { GivenUpError, working } from './cancellable-progress.ts';

type RelayCommand =
  | 'start'
  | 'stop'
  | 'restart'
  | 'showStatus'
  | 'openTunnel'
  | 'closeTunnel'
  | 'showLog'
  | 'copyPublicUrl'
  | 'copyCampaignMonitorUrl'
  | 'copyOpenConnectorsUrl'
  | 'openSettings'
  | 'openTerminal'
  | 'openWalkthrough'
  | 'sampleReceiver'
  | 'addDestination'
  | 'setSignatureKey'
  | 'setVerifyKey'
  | 'setCredentials'
  | 'removeSecret';

export interface RelayCommandParts {
  readonly context: vscode.ExtensionContext;
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly secrets: SecretBox;
  readonly receiver: SampleReceiver;
  /** What is to be settled before the user stops the relay. Resolves to whether to stop. */
  readonly beforeStop: () => Promise<boolean>;
}

const extensionId = 'cm-relay.campaign-monitor-relay';

/** The handlers of these commands. */
export function relayCommands(parts: RelayCommandParts): Pick<CommandHandlers, RelayCommand> {
  const { session, log, receiver, secrets } = parts;
  return {
    start: () => start(parts),
    stop: async () => {
      if (await parts.beforeStop()) await session.stop();
    },
    restart: async () => {
      await session.stop();
      await start(parts);
    },
    showStatus: () => showStatus(parts),
    openTunnel: () => openTunnel(parts),
    closeTunnel: () => session.client?.request('tunnel/close', {}),
    showLog: () => log.show(),
    copyPublicUrl: () => copyUrl(parts, (status) => status.publicUrl),
    copyCampaignMonitorUrl: () =>
      copyUrl(parts, (status) => status.publicCampaignMonitorUrl ?? status.campaignMonitorUrl),
    copyOpenConnectorsUrl: () => copyUrl(parts, (status) => status.publicOpenConnectorsUrl ?? status.openConnectorsUrl),
    openSettings: () => vscode.commands.executeCommand('workbench.action.openSettings', `@ext:${extensionId}`),
    openTerminal: () => openTerminal(parts),
    openWalkthrough: () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', `${extensionId}#getStarted`, false),
    sampleReceiver: () => chooseAnswer(receiver),
    addDestination: async () => (await import('./client.ts')).addDestination(secrets),
    setSignatureKey: async () => (await import('./client.ts')).setKey(secrets, 'signatureKeys'),
    setVerifyKey: async () => (await import('./client.ts')).setKey(secrets, 'verifyKeys'),
    setCredentials: async () => (await import('./client.ts')).setCredentials(secrets),
    removeSecret: async () => (await import('./client.ts')).removeSecret(secrets),
  };
}

/** Starts the relay, with progress, and says what went wrong with a way on. Resolves to whether it runs. */
async function start(parts: RelayCommandParts): Promise<boolean> {
  const { session } = parts;
  try {
    await vscode.window.withProgress({ location: { viewId: `${prefix}.events` } }, () =>
      working(vscode.l10n.t('Starting the relay'), (signal) => session.start(signal)),
    );
  } catch (error) {
    if (error instanceof GivenUpError) return false;
    // Not awaited: the message may stay, and whoever asked for a start goes on.
    void explainStart(parts, error as Error);
    return false;
  }
  if (session.needsAgreement()) void offerTunnel(parts);
  return true;
}

async function explainStart({ log }: RelayCommandParts, error: Error): Promise<void> {
  log.error(`the relay did not start: ${error.message}`);
  if (error instanceof SettingsError) {
    const [problem] = error.problems;
    const open = vscode.l10n.t('Open Setting');
    const choice = await vscode.window.showErrorMessage(
      vscode.l10n.t(
        'The relay did not start: the setting {0} cannot be used: {1}.',
        problem?.setting ?? '',
        problem?.message ?? '',
      ),
      open,
    );
    if (choice === open) await vscode.commands.executeCommand('workbench.action.openSettings', problem?.setting);
    return;
  }
  const again = vscode.l10n.t('Try Again');
  const show = vscode.l10n.t('Show Log');
  const choice = await vscode.window.showErrorMessage(
    vscode.l10n.t('The relay did not start: {0}', error.message),
    again,
    show,
  );
  if (choice === again) await vscode.commands.executeCommand(commandId('start'));
  if (choice === show) log.show();
}

function tunnelQuestion(): string {
  return vscode.l10n.t(
    'With a public URL Campaign Monitor reaches this relay. Every delivery, with names and addresses of subscribers, then passes through the servers of the tunnel ({0}), which can read it.',
    tunnelName(),
  );
}

function tunnelName(): string {
  const config = vscode.workspace.getConfiguration(prefix);
  const kind = config.get<string>('tunnel.kind', 'localtunnel');
  return kind === 'localtunnel' ? new URL(config.get<string>('tunnel.host', 'https://localtunnel.me')).host : kind;
}

/** Said once after a start, without standing in the way. */
async function offerTunnel(parts: RelayCommandParts): Promise<void> {
  const open = vscode.l10n.t('Open Public URL');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('The relay listens on this machine. {0}', tunnelQuestion()),
    open,
    vscode.l10n.t('Only This Machine'),
  );
  if (choice === open) await parts.session.agree();
}

async function openTunnel(parts: RelayCommandParts): Promise<void> {
  const { session } = parts;
  if (session.client === undefined && !(await start(parts))) return;
  if (session.needsAgreement()) {
    const open = vscode.l10n.t('Open Public URL');
    const choice = await vscode.window.showWarningMessage(
      vscode.l10n.t('Open a public URL?'),
      { modal: true, detail: tunnelQuestion() },
      open,
    );
    if (choice !== open) return;
    await session.agree();
    return;
  }
  const status = await session.client?.request('tunnel/open', {});
  if (status?.state !== 'closed') return;
  const settings = vscode.l10n.t('Open Settings');
  const choice = await vscode.window.showInformationMessage(
    vscode.l10n.t('The settings name no tunnel, so there is no public URL to open.'),
    settings,
  );
  if (choice === settings) await vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.tunnel`);
}

async function copyUrl({ session }: RelayCommandParts, choose: (status: Status) => string | null): Promise<void> {
  const url = session.status === undefined ? null : choose(session.status);
  if (url === null) {
    const open = vscode.l10n.t('Open Public URL');
    const choice = await vscode.window.showInformationMessage(vscode.l10n.t('There is no public URL now.'), open);
    if (choice === open) await vscode.commands.executeCommand(commandId('openTunnel'));
    return;
  }
  await vscode.env.clipboard.writeText(url);
  const local = /^http:\/\/127\.0\.0\.1[:/]/.test(url);
  vscode.window.setStatusBarMessage(
    local ? vscode.l10n.t('Copied. This URL is reached from this machine only.') : vscode.l10n.t('Copied.'),
    5000,
  );
}

/** What the status-bar item opens: how things are, and what can be done. */
async function showStatus(parts: RelayCommandParts): Promise<void> {
  const { state } = parts.session;
  type Choice = vscode.QuickPickItem & { readonly run?: () => unknown };
  const command = (label: string, name: Parameters<typeof commandId>[0], description?: string): Choice => ({
    label,
    ...(description !== undefined && { description }),
    run: () => vscode.commands.executeCommand(commandId(name)),
  });
  const { l10n } = vscode;
  const choices: Choice[] = [];
  let title = l10n.t('Campaign Monitor Relay');
  if (state.kind === 'running') {
    const { status } = state;
    // A tunnel that was not agreed to is none for the relay, whatever the settings name.
    title = parts.session.needsAgreement()
      ? l10n.t('Only this machine reaches the relay. It has no public URL yet.')
      : status.tunnel.reason;
    if (status.tunnel.state === 'open')
      choices.push(command(`$(copy) ${l10n.t('Copy Public URL')}`, 'copyPublicUrl', status.tunnel.url));
    else choices.push(command(`$(globe) ${l10n.t('Open Public URL')}`, 'openTunnel'));
    choices.push(
      command(`$(copy) ${l10n.t('Copy Campaign Monitor Webhook URL')}`, 'copyCampaignMonitorUrl'),
      command(`$(copy) ${l10n.t('Copy Open Connectors Webhook URL')}`, 'copyOpenConnectorsUrl'),
      command(`$(beaker) ${l10n.t('Send Sample Events…')}`, 'sendSample'),
    );
    if (status.tunnel.state !== 'closed')
      choices.push(command(`$(circle-slash) ${l10n.t('Close Public URL')}`, 'closeTunnel'));
    for (const destination of status.destinations) {
      if (destination.state === 'up') continue;
      choices.push({
        label: `$(warning) ${destination.url}`,
        detail: destination.detail ?? '',
        description: l10n.t('{0} waiting', destination.waiting),
        run: () => vscode.commands.executeCommand('workbench.action.openSettings', `${prefix}.destinations`),
      });
    }
    for (const notice of status.notices) choices.push({ label: `$(info) ${notice}` });
    choices.push(
      command(`$(debug-restart) ${l10n.t('Restart Relay')}`, 'restart'),
      command(`$(debug-stop) ${l10n.t('Stop Relay')}`, 'stop'),
    );
  } else {
    if (state.kind === 'failed') title = state.message;
    choices.push(command(`$(play) ${l10n.t('Start Relay')}`, 'start'));
  }
  choices.push(
    command(`$(output) ${l10n.t('Show Log')}`, 'showLog'),
    command(`$(gear) ${l10n.t('Open Settings')}`, 'openSettings'),
  );
  const choice = await vscode.window.showQuickPick(choices, {
    title,
    placeHolder: l10n.t('What would you like to do?'),
  });
  await choice?.run?.();
}

/** A terminal where `cm-relay` is this extension's, bound to this window's relay. */
async function openTerminal({ context, session }: RelayCommandParts): Promise<void> {
  const folder = join(context.globalStorageUri.fsPath, 'bin');
  await mkdir(folder, { recursive: true });
  const script = context.asAbsolutePath('dist/cm-relay.js');
  if (process.platform === 'win32') {
    await writeFile(join(folder, 'cm-relay.cmd'), `@set ELECTRON_RUN_AS_NODE=1\r\n@"${execPath}" "${script}" %*\r\n`);
  } else {
    const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
    const file = join(folder, 'cm-relay');
    await writeFile(file, `#!/bin/sh\nELECTRON_RUN_AS_NODE=1 exec ${quote(execPath)} ${quote(script)} "$@"\n`);
    await chmod(file, 0o755);
  }
  const terminal = vscode.window.createTerminal({
    name: 'cm-relay',
    iconPath: new vscode.ThemeIcon('broadcast'),
    env: { CM_RELAY_DATA_DIR: session.dataDir, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
    message: vscode.l10n.t('cm-relay works on the relay of this window. Try: cm-relay events'),
  });
  terminal.show();
}

async function chooseAnswer(receiver: SampleReceiver): Promise<void> {
  const { l10n } = vscode;
  const answers: (vscode.QuickPickItem & { answer: SampleAnswer })[] = [
    { label: `$(pass) ${l10n.t('200: takes each notification')}`, answer: 'ok' },
    { label: `$(error) ${l10n.t('500: fails, so that the relay tries again')}`, answer: 'error' },
    { label: `$(watch) ${l10n.t('Slow: takes each after five seconds')}`, answer: 'slow' },
  ];
  for (const each of answers) if (each.answer === receiver.answer) each.description = l10n.t('now');
  const choice = await vscode.window.showQuickPick(answers, {
    title: l10n.t('What the sample receiver answers'),
    placeHolder: l10n.t('It is the destination while the settings name none'),
  });
  if (choice === undefined) return;
  receiver.answer = choice.answer;
  vscode.window.setStatusBarMessage(l10n.t('The sample receiver now answers: {0}', choice.label), 5000);
}
