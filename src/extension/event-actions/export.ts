/** Copy and export: events in the formats of other tools, with secrets masked. */
import { homedir } from 'node:os';
import * as vscode from 'vscode';
import type { EventRow } from '../../protocol/history.ts';
import { byKeyToo } from '../ui/focused-rows.ts';
import { offer } from '../ui/offer.ts';
import { cancellable } from '../ui/progress.ts';
import { saveFile } from '../ui/save-file.ts';
import { copy } from '../ui/status-message.ts';
import type { CommandHandlers } from '../commands.ts';
import type { EventsNode } from '../events/event-node.ts';
import { labelOf } from '../events/event-words.ts';
import { connected } from '../session/connected.ts';
import { chosenRows } from '../events/chosen.ts';
import type { ExportFormat } from '../../export/gather.ts';
import { CommandError } from '../ui/command-error.ts';
import type { ActionParts } from '../events/action-parts.ts';

/** For more events, reading shows progress that can be cancelled. */
const quietAtMost = 20;

type CopyFormat = Exclude<ExportFormat, 'json'> | 'address';

export function createExportCommands(parts: ActionParts): CommandHandlers<'exports'> {
  const copyChosen = (format?: CopyFormat) =>
    byKeyToo(parts.focused, (node?: EventsNode, nodes?: readonly EventsNode[]) =>
      copyAs(parts, chosenRows(parts, node, nodes), format),
    );
  return {
    // A key or a page gives the format in place of a row.
    copyAs: (node?: EventsNode | CopyFormat, nodes?: readonly EventsNode[], format?: CopyFormat) =>
      typeof node === 'string' ? copyChosen(node)() : copyChosen(format)(node, nodes),
    exportSelection: (node?: EventsNode, nodes?: readonly EventsNode[]) =>
      exportSelection(parts, chosenRows(parts, node, nodes)),
  };
}

/** @param format asks if undefined */
async function copyAs(
  parts: ActionParts,
  rows: readonly [EventRow, ...EventRow[]],
  format: CopyFormat | undefined,
): Promise<void> {
  const { l10n } = vscode;
  const addresses = [...new Set(rows.flatMap(({ address }) => (address === null || address === '' ? [] : [address])))];
  const chosen = format ?? (await askFormat(addresses.length > 0));
  if (chosen === undefined) return;
  if (chosen === 'address') {
    const [first] = addresses;
    if (first === undefined) throw new CommandError(l10n.t('No selected event has an address'));
    const said =
      addresses.length === 1 ? l10n.t('Copied {0}.', first) : l10n.t('Copied {0} addresses.', addresses.length);
    await copy(addresses.join('\n'), said);
    return;
  }
  const text = await textOf(parts, rows, chosen);
  if (text === undefined) return;
  await copy(
    text,
    rows.length === 1
      ? l10n.t('Copied, with secrets masked.')
      : l10n.t('Copied {0} events, with secrets masked.', rows.length),
  );
}

async function askFormat(hasAddress: boolean): Promise<CopyFormat | undefined> {
  const { l10n } = vscode;
  const formats: readonly (vscode.QuickPickItem & { readonly format: CopyFormat })[] = [
    { label: l10n.t('cURL'), format: 'curl' },
    { label: l10n.t('.http Request'), format: 'http' },
    { label: l10n.t('HAR'), format: 'har' },
    { label: l10n.t('Shareable Fixture'), format: 'fixture' },
    ...(hasAddress ? [{ label: l10n.t('Address'), format: 'address' as const }] : []),
  ];
  const choice = await vscode.window.showQuickPick(formats, {
    title: l10n.t('Copy As'),
    placeHolder: l10n.t('Choose a format'),
  });
  return choice?.format;
}

/**
 * Undefined if the user cancelled.
 * @param target where the text will be written: bodies that it can't contain are written beside it
 */
async function textOf(
  { context, session }: ActionParts,
  rows: readonly EventRow[],
  format: ExportFormat,
  target?: vscode.Uri,
): Promise<string | undefined> {
  const client = connected(session);
  const { bodyFileName, exportText } = await import('../deferred.ts');
  const { version } = context.extension.packageJSON as { version: string };
  const keepBody = async (body: Uint8Array): Promise<string> => {
    const name = bodyFileName(body);
    if (target !== undefined) await saveFile(vscode.Uri.joinPath(target, '..', name), body);
    return name;
  };
  const options = { version, ...(target !== undefined && { keepBody }) };
  if (rows.length <= quietAtMost) return exportText(client, rows, format, options).catch(explain);
  const deliveries = new Set(rows.map(({ deliveryId }) => deliveryId)).size;
  return cancellable(vscode.l10n.t('Reading events'), (signal, progress) =>
    exportText(client, rows, format, {
      ...options,
      onDelivery: () => progress.report({ increment: 100 / deliveries }),
      cancelled: () => signal.aborted,
    }).catch(explain),
  );
}

/** @throws CommandError if the export is too long for one text; otherwise the error itself */
function explain(error: unknown): never {
  if (!(error instanceof RangeError)) throw error;
  throw new CommandError(
    vscode.l10n.t('These events are too large to export together'),
    vscode.l10n.t('Select fewer events, or use cm-relay export with --out.'),
  );
}

interface FileFormat extends vscode.QuickPickItem {
  readonly format: ExportFormat;
  readonly extension: string;
  readonly fileType: string;
}

async function exportSelection(parts: ActionParts, rows: readonly [EventRow, ...EventRow[]]): Promise<void> {
  const { l10n } = vscode;
  const formats: FileFormat[] = [
    {
      label: 'HAR',
      description: l10n.t('for browser developer tools: deliveries, attempts, and answers'),
      format: 'har',
      extension: 'har',
      fileType: l10n.t('HTTP archive'),
    },
    { label: 'JSON', description: l10n.t('everything'), format: 'json', extension: 'json', fileType: 'JSON' },
    {
      label: l10n.t('Shareable Fixture'),
      description: l10n.t('with replaced names, addresses, and values: review before you share'),
      format: 'fixture',
      extension: 'json',
      fileType: 'JSON',
    },
    {
      label: '.http',
      description: l10n.t('for an editor’s REST client'),
      format: 'http',
      extension: 'http',
      fileType: l10n.t('HTTP requests'),
    },
    {
      label: 'cURL',
      description: l10n.t('a shell script'),
      format: 'curl',
      extension: 'sh',
      fileType: l10n.t('Shell script'),
    },
  ];
  const chosen = await vscode.window.showQuickPick(formats, {
    title: rows.length === 1 ? l10n.t('Export {0}', labelOf(rows[0], l10n)) : l10n.t('Export {0} events', rows.length),
    placeHolder: l10n.t('Choose a format'),
  });
  if (chosen === undefined) return;
  const name = rows.length === 1 ? rows[0].id : `events-${new Date().toISOString().slice(0, 10)}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, `${name}.${chosen.extension}`),
    filters: { [chosen.fileType]: [chosen.extension] },
    title: l10n.t('Export'),
  });
  if (target === undefined) return;
  const text = await textOf(parts, rows, chosen.format, target);
  if (text === undefined) return;
  await saveFile(target, text);
  await offer(
    'Information',
    rows.length === 1
      ? l10n.t('Exported {0}, with secrets masked.', labelOf(rows[0], l10n))
      : l10n.t('Exported {0} events, with secrets masked.', rows.length),
    { [l10n.t('Open')]: () => vscode.window.showTextDocument(target) },
  );
}
