/** A destination in words. What came from outside is made printable here. */
import type { Sending } from '../../protocol/debug.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { listOf, placeOf } from '../ui/phrases.ts';
import type { ListNaming } from '../ui/phrases.ts';
import type { Localiser } from '../ui/localiser.ts';
import { printable } from '../ui/printable.ts';
import type { DestinationSetting } from '../settings.ts';

/** What can be changed of a destination here. */
export const destinationFields = ['url', 'mode', 'types', 'lists', 'signatureKeyName', 'credentialsName'] as const;
export type DestinationField = (typeof destinationFields)[number];

/**
 * What a destination is called among others: its URL without the query, and what tells it from another of the same.
 * @param others all of them
 */
export function nameOfDestination(
  { url, id, mode }: Pick<DestinationSetting, 'url' | 'id' | 'mode'>,
  others: readonly Pick<DestinationSetting, 'url'>[],
  l10n: Localiser,
): string {
  const place = placeOf(url);
  if (others.filter((each) => placeOf(each.url) === place).length < 2) return place;
  const mark = id ?? (mode === 'raw' ? l10n.t('raw') : queryOf(url));
  return mark === '' ? place : `${place} (${printable(mark, 40)})`;
}

/** Whether there is more to the URL: its query may hold a token, and only its names are shown. */
function queryOf(url: string): string {
  try {
    return [...new URL(url).searchParams.keys()].map((key) => `?${key}`).join('');
  } catch {
    return '';
  }
}

/** How a destination stands, as its icon shows it: what was never reached has no tick. */
export function reachabilityOf(status: DestinationStatus | undefined): DestinationStatus['state'] | 'unknown' {
  if (status?.state !== 'up') return status?.state ?? 'unknown';
  return status.answers === undefined ? 'unknown' : status.answers ? 'up' : 'down';
}

/**
 * How a destination is, in short; empty where no relay runs.
 * @param sending how sending to all of them stands
 */
export function stateOfDestination(
  status: DestinationStatus | undefined,
  l10n: Localiser,
  sending: Pick<Sending, 'state'> | undefined,
): string {
  if (status === undefined) return '';
  const { state, answers, detail, waiting, configured, timeoutLifted } = status;
  const why = detail === null ? '' : printable(detail);
  const parts = [
    configured ? '' : l10n.t('removed from the settings'),
    state === 'down' ? (why === '' ? l10n.t('down') : l10n.t('down: {0}', why)) : '',
    state === 'held' ? (why === '' ? l10n.t('held') : l10n.t('held: {0}', why)) : '',
    sending?.state === 'paused' ? l10n.t('sending is paused') : '',
    state === 'up' && waiting === 0 && sending?.state !== 'paused' ? reachedText(answers, l10n) : '',
    waiting > 0 ? l10n.t('{0} waiting', waiting) : '',
    timeoutLifted === true ? l10n.t('at a breakpoint, no time-out') : '',
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

function reachedText(answers: boolean | undefined, l10n: Localiser): string {
  if (answers === undefined) return l10n.t('not yet tried');
  return answers ? l10n.t('Ready') : l10n.t('couldn’t be reached');
}

/** What goes to a destination, where that is not everything as Open Connectors posts it. */
export function filtersOf(setting: DestinationSetting, names: ListNaming, l10n: Localiser): string {
  const { mode, types = [], lists = [] } = setting;
  const parts = [
    mode === 'raw' ? l10n.t('raw deliveries') : '',
    types.map((each) => printable(each)).join(', '),
    lists.map((each) => printable(names.nameOfList(each) ?? each, 40)).join(', '),
  ];
  return parts.filter((part) => part !== '').join(' · ');
}

interface FormatChoice {
  /** As it is written in the settings. */
  readonly mode: 'raw' | undefined;
  readonly label: string;
  readonly description: string;
}

/** The formats in words, the default first. */
export function formatChoices(l10n: Localiser): readonly [FormatChoice, FormatChoice] {
  const notifications = l10n.t('Open Connectors notifications');
  const raw = l10n.t('Campaign Monitor’s own bytes (raw)');
  return [
    { mode: undefined, label: notifications, description: l10n.t('what SAP Open Connectors would post') },
    { mode: 'raw', label: raw, description: l10n.t('exactly what Campaign Monitor posts') },
  ];
}

/** The label and the value of each field, in the order in which they are asked. */
export function fieldRows(
  setting: DestinationSetting,
  names: ListNaming,
  l10n: Localiser,
): readonly { readonly field: DestinationField; readonly label: string; readonly value: string }[] {
  const { mode, types = [], lists = [], signatureKeyName, credentialsName } = setting;
  const [notifications, raw] = formatChoices(l10n);
  return [
    { field: 'url', label: l10n.t('URL'), value: placeOf(setting.url) },
    {
      field: 'mode',
      label: l10n.t('Format'),
      value: (mode === 'raw' ? raw : notifications).label,
    },
    {
      field: 'types',
      label: l10n.t('Types'),
      value: types.length === 0 ? l10n.t('all') : types.map((each) => printable(each)).join(', '),
    },
    {
      field: 'lists',
      label: l10n.t('Lists'),
      value: lists.length === 0 ? l10n.t('all') : lists.map((each) => printable(listOf(each, names), 80)).join(', '),
    },
    {
      field: 'signatureKeyName',
      label: l10n.t('Signature key'),
      value: signatureKeyName === undefined ? l10n.t('unsigned') : printable(signatureKeyName),
    },
    {
      field: 'credentialsName',
      label: l10n.t('Credentials'),
      value: credentialsName === undefined ? l10n.t('none') : printable(credentialsName),
    },
  ];
}
