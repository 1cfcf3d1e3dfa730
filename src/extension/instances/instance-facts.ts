/** The facts below an instance in words. Makes text from outside printable. */
import { messageOf } from '../ui/error-words.ts';
import type { Localiser } from '../ui/localiser.ts';
import { ageOf, listOf } from '../ui/phrases.ts';
import type { ListNaming } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import { shownUrl } from './instance-words.ts';
import type { PlacedInstance } from './placed-instance.ts';
import type { KnownQueue } from './queue-states.ts';

export interface FactRow {
  readonly key: 'callback' | 'queue' | 'lists' | 'tags' | 'created' | 'id';
  readonly label: string;
  readonly value: string;
}

export function factRows(
  facts: PlacedInstance,
  now: number,
  l10n: Localiser,
  names: ListNaming,
  queue?: KnownQueue,
): FactRow[] {
  return [
    {
      key: 'callback',
      label: l10n.t('Callback'),
      value: facts.callbackUrl === '' ? l10n.t('none') : shownUrl(facts.callbackUrl),
    },
    ...(queue === undefined
      ? []
      : [{ key: 'queue' as const, label: l10n.t('Queue'), value: queueWords(queue, now, l10n) }]),
    {
      key: 'lists',
      label: l10n.t('Lists'),
      value:
        facts.listIds.length === 0
          ? l10n.t('none')
          : printable(facts.listIds.map((id) => listOf(id, names)).join(', '), 800),
    },
    ...(facts.tags.length > 0
      ? [{ key: 'tags' as const, label: l10n.t('Tags'), value: printable(facts.tags.join(', ')) }]
      : []),
    ...(facts.createdAt === null
      ? []
      : [{ key: 'created' as const, label: l10n.t('Created'), value: createdWords(facts.createdAt, now, l10n) }]),
    { key: 'id' as const, label: l10n.t('ID'), value: String(facts.id) },
  ];
}

function createdWords(createdAt: number, now: number, l10n: Localiser): string {
  const date = new Date(createdAt).toISOString();
  return `${date.slice(0, 16).replace('T', ' ')} UTC (${ageOf(date, now, l10n)})`;
}

export function queueWords(queue: KnownQueue, now: number, l10n: Localiser): string {
  switch (queue.kind) {
    case 'reading':
      return l10n.t('reading…');
    case 'failed':
      return l10n.t('couldn’t be read: {0}', printable(messageOf(queue.error, l10n), 300));
    case 'read': {
      const { state, earlier, allFetched, policy } = queue;
      const parts = [queuedWords(queue, now, l10n)];
      if (earlier > 0) parts.push(l10n.t('{0} for earlier URLs', earlier));
      if (allFetched) parts.push(l10n.t('all fetched'));
      if (state.deactivated === true) parts.push(l10n.t('deactivated'));
      else if (state.deactivated === null && state.count > 0 && policy === 'retry')
        parts.push(l10n.t('may be deactivated'));
      if (policy !== null) parts.push(l10n.t('policy: {0}', policy));
      return parts.join(' · ');
    }
  }
}

function queuedWords({ state }: Extract<KnownQueue, { kind: 'read' }>, now: number, l10n: Localiser): string {
  const { count, more, since } = state;
  if (count === 0) return l10n.t('empty');
  const number = more ? `${count}+` : String(count);
  if (since === null) return l10n.t('{0} queued', number);
  return l10n.t('{0} queued, the oldest {1}', number, ageOf(new Date(since).toISOString(), now, l10n));
}
