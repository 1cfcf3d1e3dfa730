import type { DebugProtocol } from '@vscode/debugprotocol';
import { say } from '../../common/say.ts';
import type { AttemptDetail } from '../../protocol/history.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { placeOf } from '../ui/phrases.ts';
import type { BodyEdits } from './body-edits.ts';
import type { HeldThread } from './held-threads.ts';
import { isContainer, isList, membersOf, previewOf, typeOf, valueAt, type Json, type JsonPath } from './json-value.ts';
import { lastAttemptOf, notificationOf } from './stations.ts';

export interface Branch {
  readonly members: () => Promise<readonly Member[]>;
  readonly set?: (name: string, typed: string) => Promise<Member>;
}

export interface Member {
  readonly name: string;
  readonly text: string;
  readonly type: string;
  readonly branch: Branch | null;
  readonly indexed?: number;
}

export interface Scope {
  readonly name: string;
  readonly branch: Branch;
  readonly hint?: DebugProtocol.Scope['presentationHint'];
}

export function branchOf(value: Json): Branch {
  return { members: () => Promise.resolve(membersOf(value).map(([name, each]) => memberOf(name, each))) };
}

export function memberOf(name: string, value: Json, branch?: Branch): Member {
  return {
    name,
    text: previewOf(value),
    type: typeOf(value),
    branch: isContainer(value) ? (branch ?? branchOf(value)) : null,
    ...(isList(value) && { indexed: value.length }),
  };
}

export interface ScopeParts {
  readonly client: RelayClient;
  readonly edits: BodyEdits;
}

export async function scopesOf(parts: ScopeParts, thread: HeldThread): Promise<Scope[]> {
  const { edits } = parts;
  const body = await edits.of(thread.deliveryId);
  const event = await eventBranch(parts, thread);
  return [
    ...(event === undefined ? [] : [{ name: say('Event'), branch: event, hint: 'locals' as const }]),
    {
      name: body.edited ? say('Edited Body') : say('Body'),
      branch: body.kind === 'json' ? jsonBranch(parts, thread.deliveryId, []) : wholeBranch(parts, thread.deliveryId),
    },
    { name: say('Notification'), branch: notificationBranch(parts, thread) },
    { name: say('Headers'), branch: headersBranch(parts, thread) },
    { name: say('Destination'), branch: destinationBranch(parts, thread) },
    { name: say('Last Attempt'), branch: attemptBranch(thread) },
  ];
}

async function eventBranch(parts: ScopeParts, { deliveryId, found }: HeldThread): Promise<Branch | undefined> {
  const body = await parts.edits.of(deliveryId);
  if (body.kind !== 'json') return undefined;
  const position = found.event.inDelivery.position - 1;
  const paths: readonly JsonPath[] = [
    ['Events', position],
    ['message', 'events', position],
    ['response', 'events', position],
  ];
  const path = paths.find((each) => isContainer(valueAt(body.value, each) ?? null));
  return path && jsonBranch(parts, deliveryId, path);
}

function jsonBranch(parts: ScopeParts, deliveryId: string, path: JsonPath): Branch {
  const memberAt = (name: string, value: Json): Member =>
    memberOf(name, value, jsonBranch(parts, deliveryId, [...path, name]));
  return {
    members: async () => {
      const body = await parts.edits.of(deliveryId);
      const value = body.kind === 'json' ? valueAt(body.value, path) : undefined;
      return membersOf(value ?? null).map(([name, each]) => memberAt(name, each));
    },
    set: async (name, typed) => memberAt(name, await parts.edits.set(deliveryId, [...path, name], typed)),
  };
}

function wholeBranch(parts: ScopeParts, deliveryId: string): Branch {
  const { edits } = parts;
  const name = 'body';
  return {
    members: async () => {
      const body = await edits.of(deliveryId);
      if (body.kind === 'bytes') return [memberOf(name, say('{0} bytes that aren’t UTF-8', body.length))];
      return body.kind === 'text' ? [memberOf(name, body.value)] : [];
    },
    set: async (_, typed) => memberOf(name, await edits.set(deliveryId, [], typed)),
  };
}

function notificationBranch({ client }: ScopeParts, thread: HeldThread): Branch {
  return {
    members: async () => {
      const notification = notificationOf(thread);
      const [first] = thread.forwardings;
      if (notification === undefined || first === undefined) return [];
      const { id, kind, part, parts, eventId, createdAt, eventIds } = notification;
      const rendered = await client.request('notifications/render', { id, destinationId: first.destinationId });
      const facts: Record<string, Json> = { id, kind, eventId, createdAt, part: part + 1, parts, eventIds };
      const text = Buffer.from(rendered.body, 'base64').toString();
      let body: Json = text;
      try {
        body = JSON.parse(text) as Json;
      } catch {
        // A raw notification may be anything.
      }
      return [...membersOf(facts).map(([name, each]) => memberOf(name, each)), memberOf(say('body'), body)];
    },
  };
}

function headersBranch({ client }: ScopeParts, thread: HeldThread): Branch {
  return {
    members: async () => {
      const { maskHeaders } = await import('../deferred.ts');
      const list = (headers: Parameters<typeof maskHeaders>[0]): Branch => ({
        members: () => Promise.resolve(maskHeaders(headers).map(([name, value]) => memberOf(name, value))),
      });
      const folder = (name: string, headers: Parameters<typeof maskHeaders>[0]): Member => ({
        name,
        text: String(headers.length),
        type: 'headers',
        branch: list(headers),
      });
      const { headers } = await client.request('deliveries/get', { id: thread.deliveryId });
      const members = [folder(say('as received'), headers)];
      for (const { destinationId, destination } of thread.forwardings) {
        const sent = await client.request('notifications/render', { id: thread.notificationId, destinationId });
        members.push(folder(say('as sent to {0}', placeOf(destination)), sent.headers));
      }
      return members;
    },
  };
}

function destinationBranch({ client }: ScopeParts, thread: HeldThread): Branch {
  return {
    members: async () => {
      const { destinations } = await client.request('relay/status', {});
      const all = thread.forwardings.map((held): readonly [string, Json] => {
        const status = destinations.find((each) => each.destinationId === held.destinationId);
        return [
          held.destinationId,
          {
            id: held.destinationId,
            url: placeOf(held.destination),
            mode: status?.mode ?? null,
            state: status?.state ?? null,
            heldBy: held.heldBy,
            breakpoint: held.breakpointId,
            detail: held.detail,
            attempts: held.attempts,
          },
        ];
      });
      const [first] = all;
      if (all.length === 1 && first !== undefined) return await branchOf(first[1]).members();
      return all.map(([name, value]) => memberOf(name, value));
    },
  };
}

function attemptBranch(thread: HeldThread): Branch {
  return {
    members: async () => {
      const attempt = lastAttemptOf(thread);
      if (attempt === undefined) return [memberOf(say('attempts'), 0)];
      const { maskHeaders } = await import('../deferred.ts');
      return membersOf(attemptFacts(attempt, maskHeaders(attempt.answerHeaders))).map(([name, each]) =>
        memberOf(name, each),
      );
    },
  };
}

function attemptFacts(
  { number, at, durationMs, status, outcome, error, destination, answerBody, answerTruncated }: AttemptDetail,
  headers: readonly (readonly [string, string])[],
): Json {
  return {
    number,
    at,
    durationMs,
    status,
    outcome,
    error,
    destination: placeOf(destination),
    answerHeaders: headers.map(([name, value]) => `${name}: ${value}`),
    answer: Buffer.from(answerBody, 'base64').toString(),
    answerTruncated,
  };
}

export const mostHandles = 5000;

export interface Handle {
  readonly threadId: number;
  readonly branch: Branch;
}

/** VS Code never releases a number, so they end with their thread, and beyond a limit the least recently used. */
export class Handles {
  readonly #handles = new Map<number, Handle>();
  #last = 0;

  add(handle: Handle): number {
    this.#last += 1;
    this.#handles.set(this.#last, handle);
    const [oldest] = this.#handles.keys();
    if (this.#handles.size > mostHandles && oldest !== undefined) this.#handles.delete(oldest);
    return this.#last;
  }

  get(number: number): Handle | undefined {
    const handle = this.#handles.get(number);
    if (handle === undefined) return undefined;
    this.#handles.delete(number);
    this.#handles.set(number, handle);
    return handle;
  }

  drop(threadId: number): void {
    for (const [number, handle] of this.#handles) if (handle.threadId === threadId) this.#handles.delete(number);
  }

  clear(): void {
    this.#handles.clear();
  }
}
