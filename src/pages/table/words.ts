import type { TableTexts } from '../../extension/event-table/messages.ts';
import { filled } from '../shared/words.ts';

export function durationText(
  ms: number,
  texts: Pick<TableTexts, 'milliseconds' | 'seconds' | 'minutes' | 'hours'>,
  language: string,
): string {
  const number = (value: number): string => value.toLocaleString(language, { maximumFractionDigits: 1 });
  if (ms < 1000) return filled(texts.milliseconds, number(ms));
  if (ms < 120_000) return filled(texts.seconds, number(ms / 1000));
  return ms < 7_200_000 ? filled(texts.minutes, number(ms / 60_000)) : filled(texts.hours, number(ms / 3_600_000));
}
