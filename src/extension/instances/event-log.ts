/** Compares an instance's event log in Open Connectors with the relay's history. */
import type { LogRow, ReceivedNotification } from '../../open-connectors/instance-log.ts';
import type { Localiser } from '../ui/localiser.ts';
import { markdownText } from '../ui/printable.ts';

export interface LogFrame {
  readonly name: string;
  readonly id: number;
  readonly at: string;
  /** Whether the relay's history could be read. */
  readonly relayRuns: boolean;
  /** Further notifications were not compared. */
  readonly cut: boolean;
}

/** In Markdown. */
export function eventLogText(frame: LogFrame, rows: readonly LogRow[], l10n: Localiser): string {
  const head = [
    `# ${l10n.t('Events of {0} ({1})', markdownText(frame.name), frame.id)}`,
    '',
    l10n.t('Compares the Open Connectors log with the history of this window’s relay, as of {0}.', frame.at),
    l10n.t(
      'The history contains only events that reached this relay. Missing events may have gone to another callback, arrived before the history began, or been cleared.',
    ),
  ];
  if (!frame.relayRuns) head.push('', l10n.t('The relay isn’t running, so its history wasn’t read.'));
  if (frame.cut) head.push('', l10n.t('Only the newest notifications in the history were checked.'));
  if (rows.length === 0) return [...head, '', l10n.t('The Open Connectors log is empty.'), ''].join('\n');
  return [...head, '', ...rows.flatMap((row) => sectionOf(row, frame.relayRuns, l10n))].join('\n');
}

function sectionOf({ platform, received }: LogRow, relayRuns: boolean, l10n: Localiser): string[] {
  const first = received[0];
  const heading = [platform?.date ?? first?.receivedAt, platform?.id ?? first?.eventId ?? first?.deliveryId];
  const status = platform === null ? l10n.t('not in the log') : markdownText(platform.status ?? l10n.t('no status'));
  const here =
    received.length > 0
      ? received.map((each) => receivedWords(each, l10n)).join('; ')
      : relayRuns
        ? l10n.t('not in the relay’s history')
        : l10n.t('unknown');
  return [
    `## ${heading
      .map((part) => markdownText(part ?? ''))
      .join(' ')
      .trim()}`,
    '',
    `- ${l10n.t('Open Connectors: {0}', status)}`,
    `- ${l10n.t('Relay: {0}', here)}`,
    '',
  ];
}

function receivedWords(
  { deliveryId, receivedAt, signature, eventCount }: ReceivedNotification,
  l10n: Localiser,
): string {
  const words =
    eventCount === 1
      ? l10n.t('{0}, received {1}, one event', deliveryId, markdownText(receivedAt))
      : l10n.t('{0}, received {1}, {2} events', deliveryId, markdownText(receivedAt), eventCount);
  switch (signature) {
    case 'valid':
      return l10n.t('{0}, valid signature', words);
    case 'invalid':
      return l10n.t('{0}, wrong signature', words);
    case 'missing':
      return l10n.t('{0}, no signature', words);
    default:
      return words;
  }
}
