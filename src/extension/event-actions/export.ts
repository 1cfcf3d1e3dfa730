import { homedir } from 'node:os';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { EventRow } from '../../protocol/history.ts';
import { byKeyToo } from '../ui/focused-rows.ts';
import { offer } from '../ui/offer.ts';
import { cancelable } from '../ui/progress.ts';
import { saveFile } from '../ui/save-file.ts';
import { copy } from '../ui/status-message.ts';
import type { CommandHandlers } from '../commands.ts';
import type { EventsNode } from '../events/event-node.ts';
import { labelOf } from '../../protocol/event-row.ts';
import { connected } from '../session/session.ts';
import { chosenRows } from '../events/chosen.ts';
import type { ExportFormat } from '../../export/gather.ts';
import { CommandError } from '../ui/command-error.ts';
import type { ActionParts } from '../events/action-parts.ts';

const quietAtMost = 20;

type CopyFormat = Exclude<ExportFormat, 'json'> | 'address';

export function createExportCommands(parts: ActionParts): CommandHandlers<'exports'> {
  const copyChosen = (format?: CopyFormat) =>
    byKeyToo(parts.focused, (node?: EventsNode, nodes?: readonly EventsNode[]) =>
      copyAs(parts, chosenRows(parts, node, nodes), format),
    );
  return {
    // A key or a page passes the format in place of a row.
    copyAs: (node?: EventsNode | CopyFormat, nodes?: readonly EventsNode[], format?: CopyFormat) =>
      typeof node === 'string' ? copyChosen(node)() : copyChosen(format)(node, nodes),
    exportSelection: (node?: EventsNode, nodes?: readonly EventsNode[]) =>
      exportSelection(parts, chosenRows(parts, node, nodes)),
  };
}

async function copyAs(
  parts: ActionParts,
  rows: readonly [EventRow, ...EventRow[]],
  format: CopyFormat | undefined,
): Promise<void> {
  const addresses = [...new Set(rows.flatMap(({ address }) => (address === null || address === '' ? [] : [address])))];
  const chosen = format ?? (await askFormat(addresses.length > 0));
  if (chosen === undefined) return;
  if (chosen === 'address') {
    const [first] = addresses;
    if (first === undefined) throw new CommandError(say('No selected event has an address'));
    const said = addresses.length === 1 ? say('Copied {0}.', first) : say('Copied {0} addresses.', addresses.length);
    await copy(addresses.join('\n'), said);
    return;
  }
  const text = await textOf(parts, rows, chosen);
  if (text === undefined) return;
  await copy(
    text,
    rows.length === 1
      ? say('Copied, with secrets masked.')
      : say('Copied {0} events, with secrets masked.', rows.length),
  );
}

async function askFormat(hasAddress: boolean): Promise<CopyFormat | undefined> {
  const formats: readonly (vscode.QuickPickItem & { readonly format: CopyFormat })[] = [
    { label: say('cURL'), format: 'curl' },
    { label: say('.http Request'), format: 'http' },
    { label: say('HAR'), format: 'har' },
    { label: say('Shareable Fixture'), format: 'fixture' },
    ...(hasAddress ? [{ label: say('Address'), format: 'address' as const }] : []),
  ];
  const choice = await vscode.window.showQuickPick(formats, {
    title: say('Copy As'),
    placeHolder: say('Choose a format'),
  });
  return choice?.format;
}

/** @param target bodies that the text can't contain are written beside it @returns undefined if the user canceled */
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
  return cancelable(say('Reading events'), (signal, progress) =>
    exportText(client, rows, format, {
      ...options,
      onDelivery: () => progress.report({ increment: 100 / deliveries }),
      canceled: () => signal.aborted,
    }).catch(explain),
  );
}

function explain(error: unknown): never {
  if (!(error instanceof RangeError)) throw error;
  throw new CommandError(
    say('These events are too large to export together'),
    say('Select fewer events, or use cm-relay export with --out.'),
  );
}

interface FileFormat extends vscode.QuickPickItem {
  readonly format: ExportFormat;
  readonly extension: string;
  readonly fileType: string;
}

async function exportSelection(parts: ActionParts, rows: readonly [EventRow, ...EventRow[]]): Promise<void> {
  const formats: FileFormat[] = [
    {
      label: 'HAR',
      description: say('for browser developer tools: deliveries, attempts, and answers'),
      format: 'har',
      extension: 'har',
      fileType: say('HTTP archive'),
    },
    { label: 'JSON', description: say('everything'), format: 'json', extension: 'json', fileType: 'JSON' },
    {
      label: say('Shareable Fixture'),
      description: say('with replaced names, addresses, and values: review before you share'),
      format: 'fixture',
      extension: 'json',
      fileType: 'JSON',
    },
    {
      label: '.http',
      description: say('for an editor’s REST client'),
      format: 'http',
      extension: 'http',
      fileType: say('HTTP requests'),
    },
    {
      label: 'cURL',
      description: say('a shell script'),
      format: 'curl',
      extension: 'sh',
      fileType: say('Shell script'),
    },
  ];
  const chosen = await vscode.window.showQuickPick(formats, {
    title: rows.length === 1 ? say('Export {0}', labelOf(rows[0])) : say('Export {0} events', rows.length),
    placeHolder: say('Choose a format'),
  });
  if (chosen === undefined) return;
  const name = rows.length === 1 ? rows[0].id : `events-${new Date().toISOString().slice(0, 10)}`;
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file(homedir());
  const target = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(folder, `${name}.${chosen.extension}`),
    filters: { [chosen.fileType]: [chosen.extension] },
    title: say('Export'),
  });
  if (target === undefined) return;
  const text = await textOf(parts, rows, chosen.format, target);
  if (text === undefined) return;
  await saveFile(target, text);
  await offer(
    'Information',
    rows.length === 1
      ? say('Exported {0}, with secrets masked.', labelOf(rows[0]))
      : say('Exported {0} events, with secrets masked.', rows.length),
    { [say('Open')]: () => vscode.window.showTextDocument(target) },
  );
}
