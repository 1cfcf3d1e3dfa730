import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { openUserFile, requireNewFile, writeUserFile } from '../../common/user-file.ts';
import { choose, exportItems, formats, type ExportFormat, type Selection } from '../../export/gather.ts';
import { bodyFileName, type ExportItem, type ExportOptions as FormatOptions } from '../../export/item.ts';
import { deliveryIdOf, withHistory, type History } from '../connection.ts';
import { CommandError, UsageError } from '../errors.ts';
import { checkedBy, collectIds, newCommand, notEmpty, type CommonOptions } from '../flags.ts';
import { note, printSafely, Progress } from '../terminal/output.ts';
import { count } from '../terminal/text.ts';
import { version } from '../../version.ts';
import { filterFlag, filterHelp, pages } from './events.ts';

const elsewhere = 'Choose another file with --out.';

interface ExportOptions extends CommonOptions {
  as: ExportFormat;
  out?: string;
  filter?: string;
  withSecrets?: boolean;
}

export function exportCommand(): Command {
  return newCommand(
    'export',
    'export events as curl, .http, HAR, JSON, or a shareable fixture',
    "Exports events for other tools, to standard output or a file. The relay doesn't need to be running. curl and http contain the notifications as sent to your callback, or the delivery itself if no notification has a destination; har contains the delivery and every attempt; json contains everything; fixture contains the delivery with all personal data replaced.",
    [
      'cm-relay export e12 --as curl                             a command that resends it',
      "cm-relay export d7 --as http --out delivery.http          for your editor's REST client",
      'cm-relay export --filter state:failed --as har > failed.har',
      'cm-relay export e12 --as fixture > fixture.json           for a bug report or pull request',
    ],
    undefined,
    [
      ...filterHelp,
      '',
      'A fixture replaces names, addresses, field values, IP addresses, and list IDs consistently. Read it before you',
      'share it. The other formats contain the received data, with credentials masked.',
      '',
      'REST clients act on some text in a .http file. A request that contains such text is replaced with a comment.',
      'With --out, a body that contains such text goes into a separate file next to the .http file and is sent unchanged.',
    ],
  )
    .argument('[ids...]', 'IDs of events, deliveries, or notifications', collectIds)
    .addOption(new Option('--as <format>', 'format').choices(Object.keys(formats)).makeOptionMandatory())
    .addOption(filterFlag('all matching events'))
    .option(
      '--out <file>',
      'write to a file; for http, put bodies in separate files if needed',
      checkedBy(notEmpty('a file')),
    )
    .option('--with-secrets', "show the webhook endpoint's secret and credentials in URLs")
    .action(exportEvents);
}

async function exportEvents(ids: string[] | undefined, options: ExportOptions): Promise<void> {
  const named = ids !== undefined && ids.length > 0;
  if (named === (options.filter !== undefined)) {
    throw new UsageError(
      named ? 'use either IDs or --filter, not both' : 'nothing to export: give IDs or --filter',
      'For example: cm-relay export e12 --as curl',
    );
  }
  if (options.as === 'fixture' && options.withSecrets === true) {
    throw new UsageError('--with-secrets does not work with --as fixture, which is meant for sharing');
  }
  if (options.out !== undefined) await requireNewFile(options.out, elsewhere);
  const format = formats[options.as];
  await withHistory(options, async (history) => {
    const selection = named ? selectedByIds(history, ids) : selectedByFilter(history, options.filter ?? '');
    const deliveries = await selection;
    if (deliveries.size === 0) {
      throw new CommandError(
        'nothing to export: no events match the filter',
        'To see all events, run cm-relay events.',
      );
    }
    const items = counted(exportItems(history, deliveries, options.as), deliveries.size);
    const formatOptions = { withSecrets: options.withSecrets === true, version };
    if (options.out === undefined) {
      for await (const piece of format(items, formatOptions)) await printSafely(piece);
    } else {
      await writeTo(options.out, (keepBody) =>
        format(items, { ...formatOptions, ...(keepBody !== undefined && { keepBody }) }),
      );
    }
  });
}

async function writeTo(
  file: string,
  pieces: (keepBody: FormatOptions['keepBody']) => AsyncIterable<string>,
): Promise<void> {
  const kept = new Set<string>();
  const keepBody = async (body: Uint8Array): Promise<string> => {
    const name = bodyFileName(body);
    await writeUserFile(join(dirname(file), name), [body], elsewhere);
    kept.add(name);
    return name;
  };
  const out = await openUserFile(file, elsewhere);
  try {
    for await (const piece of pieces(out.isFile ? keepBody : undefined)) await out.write(piece);
  } catch (error) {
    await out.discard();
    throw error;
  }
  await out.put();
  if (kept.size > 0) {
    note(`Also wrote ${count(kept.size, 'body')} to ${kept.size === 1 ? 'a file' : 'files'}: ${[...kept].join(', ')}`);
  }
}

async function selectedByIds(history: History, ids: readonly string[]): Promise<Selection> {
  const selection: Selection = new Map();
  for (const id of ids) choose(selection, await deliveryIdOf(history, id), id);
  return selection;
}

async function selectedByFilter(history: History, filter: string): Promise<Selection> {
  const selection: Selection = new Map();
  for await (const rows of pages(history, filter, Infinity)) {
    for (const row of rows) choose(selection, row.deliveryId, row.id);
  }
  return selection;
}

async function* counted(items: AsyncIterable<ExportItem>, all: number): AsyncGenerator<ExportItem> {
  const progress = new Progress('deliveries', all);
  let done = 0;
  for await (const item of items) {
    yield item;
    progress.update(++done);
  }
  progress.end();
}
