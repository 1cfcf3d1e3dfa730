import { say } from '../../common/say.ts';
import type { LogRow, ReceivedNotification } from '../../open-connectors/instance-log.ts';
import { markdownText } from '../ui/printable.ts';

export interface LogFrame {
  readonly name: string;
  readonly id: number;
  readonly at: string;
  readonly relayRuns: boolean;
  readonly cut: boolean;
}

export function eventLogText(frame: LogFrame, rows: readonly LogRow[]): string {
  const head = [
    `# ${say('Events of {0} ({1})', markdownText(frame.name), frame.id)}`,
    '',
    say('Compares the Open Connectors log with the history of this window’s relay, as of {0}.', frame.at),
    say(
      'The history contains only events that reached this relay. Missing events may have gone to another callback, arrived before the history began, or been cleared.',
    ),
  ];
  if (!frame.relayRuns) head.push('', say('The relay isn’t running, so its history wasn’t read.'));
  if (frame.cut) head.push('', say('Only the newest notifications in the history were checked.'));
  if (rows.length === 0) return [...head, '', say('The Open Connectors log is empty.'), ''].join('\n');
  return [...head, '', ...rows.flatMap((row) => sectionOf(row, frame.relayRuns))].join('\n');
}

function sectionOf({ platform, received }: LogRow, relayRuns: boolean): string[] {
  const first = received[0];
  const heading = [platform?.date ?? first?.receivedAt, platform?.id ?? first?.eventId ?? first?.deliveryId];
  const status = platform === null ? say('not in the log') : markdownText(platform.status ?? say('no status'));
  const here =
    received.length > 0
      ? received.map((each) => receivedWords(each)).join('; ')
      : relayRuns
        ? say('not in the relay’s history')
        : say('unknown');
  return [
    `## ${heading
      .map((part) => markdownText(part ?? ''))
      .join(' ')
      .trim()}`,
    '',
    `- ${say('Open Connectors: {0}', status)}`,
    `- ${say('Relay: {0}', here)}`,
    '',
  ];
}

function receivedWords({ deliveryId, receivedAt, signature, eventCount }: ReceivedNotification): string {
  const words =
    eventCount === 1
      ? say('{0}, received {1}, one event', deliveryId, markdownText(receivedAt))
      : say('{0}, received {1}, {2} events', deliveryId, markdownText(receivedAt), eventCount);
  switch (signature) {
    case 'valid':
      return say('{0}, valid signature', words);
    case 'invalid':
      return say('{0}, wrong signature', words);
    case 'missing':
      return say('{0}, no signature', words);
    default:
      return words;
  }
}
