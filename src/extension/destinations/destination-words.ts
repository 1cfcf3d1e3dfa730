import { say } from '../../common/say.ts';
import type { Sending } from '../../protocol/debug.ts';
import type { DestinationStatus } from '../../protocol/status.ts';
import { listOf, placeOf, type ListNaming } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import type { DestinationSetting } from '../settings.ts';

export const destinationFields = ['url', 'mode', 'types', 'lists', 'signatureKeyName', 'credentialsName'] as const;
export type DestinationField = (typeof destinationFields)[number];

export function nameOfDestination(
  { url, id, mode }: Pick<DestinationSetting, 'url' | 'id' | 'mode'>,
  others: readonly Pick<DestinationSetting, 'url'>[],
): string {
  const place = placeOf(url);
  if (others.filter((each) => placeOf(each.url) === place).length < 2) return place;
  // The query may contain a token: show only its names.
  const query = [...new URL(url).searchParams.keys()].map((key) => `?${key}`).join('');
  const mark = id ?? (mode === 'raw' ? say('raw') : query);
  return mark === '' ? place : `${place} (${printable(mark, 40)})`;
}

/** The shape shows the state without color. */
export const stateIcons = {
  up: ['check', 'charts.green'],
  failing: ['error', 'list.errorForeground'],
  down: ['warning', 'list.warningForeground'],
  held: ['lock', 'charts.purple'],
  untried: ['circle-outline', 'descriptionForeground'],
} as const;

/** Empty if no relay is running. */
export function stateOfDestination(
  status: DestinationStatus | undefined,
  sending: Pick<Sending, 'state'> | undefined,
): string {
  if (status === undefined) return '';
  const { state, lastStatus, failed, retrying, detail, configured, timeoutLifted } = status;
  const waiting = status.waiting - retrying;
  const isPaused = sending?.state === 'paused';
  const isIdle = status.waiting === 0 && !isPaused;
  const label = {
    up: isIdle ? say('Ready') : '',
    untried: isIdle ? say('not yet tried') : '',
    failing: '',
    down: say('down'),
    held: say('held'),
  }[state];
  const results = [
    failed > 0 ? say('{0} failed', failed) : '',
    retrying > 0 ? say('{0} retrying', retrying) : '',
    state === 'failing' ? (lastStatus === null ? say('no response') : say('last {0}', lastStatus)) : '',
  ];
  return joinParts([
    configured ? '' : say('removed from the settings'),
    detail === null ? label : `${label}: ${printable(detail)}`,
    isPaused ? say('sending is paused') : '',
    joinParts(results, ', '),
    waiting > 0 ? say('{0} waiting', waiting) : '',
    timeoutLifted === true ? say('at a breakpoint, no timeout') : '',
  ]);
}

export function joinParts(parts: readonly string[], separator = ' · '): string {
  return parts.filter((part) => part !== '').join(separator);
}

export function filtersOf(setting: DestinationSetting, names: ListNaming): string {
  const { mode, types = [], lists = [] } = setting;
  return joinParts([
    mode === 'raw' ? say('raw deliveries') : '',
    types.map((each) => printable(each)).join(', '),
    lists.map((each) => printable(names.nameOfList(each) ?? each, 40)).join(', '),
  ]);
}

interface FormatChoice {
  readonly mode: 'raw' | undefined;
  readonly label: string;
  readonly description: string;
}

export function formatChoices(): readonly [FormatChoice, FormatChoice] {
  const notifications = say('Open Connectors notifications');
  const raw = say('Campaign Monitor’s own bytes (raw)');
  return [
    { mode: undefined, label: notifications, description: say('what SAP Open Connectors would post') },
    { mode: 'raw', label: raw, description: say('exactly what Campaign Monitor posts') },
  ];
}

export function fieldRows(
  setting: DestinationSetting,
  names: ListNaming,
): readonly { readonly field: DestinationField; readonly label: string; readonly value: string }[] {
  const { mode, types = [], lists = [], signatureKeyName, credentialsName } = setting;
  const [notifications, raw] = formatChoices();
  return [
    { field: 'url', label: say('URL'), value: placeOf(setting.url) },
    {
      field: 'mode',
      label: say('Format'),
      value: (mode === 'raw' ? raw : notifications).label,
    },
    {
      field: 'types',
      label: say('Types'),
      value: types.length === 0 ? say('all') : types.map((each) => printable(each)).join(', '),
    },
    {
      field: 'lists',
      label: say('Lists'),
      value: lists.length === 0 ? say('all') : lists.map((each) => printable(listOf(each, names), 80)).join(', '),
    },
    {
      field: 'signatureKeyName',
      label: say('Signature key'),
      value: signatureKeyName === undefined ? say('unsigned') : printable(signatureKeyName),
    },
    {
      field: 'credentialsName',
      label: say('Credentials'),
      value: credentialsName === undefined ? say('none') : printable(credentialsName),
    },
  ];
}
