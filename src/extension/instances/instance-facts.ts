import { say } from '../../common/say.ts';
import { messageOf } from '../ui/error-words.ts';
import { ageOf, listOf, type ListNaming } from '../ui/phrases.ts';
import { printable } from '../ui/printable.ts';
import { shownUrl } from './instance-words.ts';
import type { PlacedInstance } from './instance-node.ts';
import type { KnownQueue } from './queue-states.ts';

export interface FactRow {
  readonly key: 'callback' | 'queue' | 'lists' | 'tags' | 'created' | 'id';
  readonly label: string;
  readonly value: string;
}

export function factRows(facts: PlacedInstance, now: number, names: ListNaming, queue?: KnownQueue): FactRow[] {
  return [
    {
      key: 'callback',
      label: say('Callback'),
      value: facts.callbackUrl === '' ? say('none') : shownUrl(facts.callbackUrl),
    },
    ...(queue === undefined ? [] : [{ key: 'queue' as const, label: say('Queue'), value: queueWords(queue, now) }]),
    {
      key: 'lists',
      label: say('Lists'),
      value:
        facts.listIds.length === 0
          ? say('none')
          : printable(facts.listIds.map((id) => listOf(id, names)).join(', '), 800),
    },
    ...(facts.tags.length > 0
      ? [{ key: 'tags' as const, label: say('Tags'), value: printable(facts.tags.join(', ')) }]
      : []),
    ...(facts.createdAt === null
      ? []
      : [{ key: 'created' as const, label: say('Created'), value: createdWords(facts.createdAt, now) }]),
    { key: 'id' as const, label: say('ID'), value: String(facts.id) },
  ];
}

function createdWords(createdAt: number, now: number): string {
  const date = new Date(createdAt).toISOString();
  return `${date.slice(0, 16).replace('T', ' ')} UTC (${ageOf(date, now)})`;
}

export function queueWords(queue: KnownQueue, now: number): string {
  switch (queue.kind) {
    case 'reading':
      return say('reading…');
    case 'failed':
      return say('couldn’t be read: {0}', printable(messageOf(queue.error), 300));
    case 'read': {
      const { state, earlier, allFetched, policy } = queue;
      const parts = [queuedWords(queue, now)];
      if (earlier > 0) parts.push(say('{0} for earlier URLs', earlier));
      if (allFetched) parts.push(say('all fetched'));
      if (state.deactivated === true) parts.push(say('deactivated'));
      else if (state.deactivated === null && state.count > 0 && policy === 'retry')
        parts.push(say('may be deactivated'));
      if (policy !== null) parts.push(say('policy: {0}', policy));
      return parts.join(' · ');
    }
  }
}

function queuedWords({ state }: Extract<KnownQueue, { kind: 'read' }>, now: number): string {
  const { count, more, since } = state;
  if (count === 0) return say('empty');
  const number = more ? `${count}+` : String(count);
  if (since === null) return say('{0} queued', number);
  return say('{0} queued, the oldest {1}', number, ageOf(new Date(since).toISOString(), now));
}
