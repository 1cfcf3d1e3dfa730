/** The examples' handlers as a person runs them: processes of their own, asked over sockets. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sign, signatureHeader } from '../../src/open-connectors/signature.ts';
import { javaDate, writeNotification } from '../../src/open-connectors/notification.ts';
import { afterward } from '../relay/afterward.ts';
import { send, type HttpAnswer } from '../relay/requests.ts';

/** The folders of `examples/`. */
export const handlerNames = ['right-handler', 'wrong-handler'] as const;
export type HandlerName = (typeof handlerNames)[number];

/** A contact, as `GET /contacts` tells it. */
export interface Contact {
  readonly address: string;
  readonly name: string;
  readonly fields: readonly { readonly Key: string; readonly Value: string }[];
  readonly updated: string;
}

export interface Handler {
  readonly url: string;
  readonly pid: number;
  /** Posts a body to the callback. */
  post(body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<HttpAnswer>;
  contacts(): Promise<Contact[]>;
  count(): Promise<number>;
  /** The bytes of `GET /contacts`, as a client reads them. */
  contactsText(): Promise<string>;
  /** Ends it by SIGTERM; its exit code, or the signal. */
  end(): Promise<number | string | null>;
}

/**
 * Starts a handler and waits until it says that it listens.
 * @param mailMs how long its mail server takes, in milliseconds
 */
export async function startHandler(
  name: HandlerName,
  options: {
    readonly mailMs?: number;
    readonly key?: string;
    readonly port?: number;
    readonly nodeArgs?: readonly string[];
  } = {},
): Promise<Handler> {
  const { mailMs = 1, key, port = 0, nodeArgs = [] } = options;
  const child = spawn(process.execPath, [...nodeArgs, 'server.js', String(port)], {
    cwd: join(import.meta.dirname, '../../examples', name),
    env: { ...process.env, MAIL_MS: String(mailMs), CALLBACK_SIGNATURE_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string | null);
  afterward(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([
    once(lines, 'line'),
    exited.then((code) => Promise.reject(new Error(`it ended (${code}) before it listened: ${errors}`))),
  ])) as [string];
  const url = /^listening on (http:\S+)$/.exec(line)?.[1];
  if (url === undefined) throw new Error(`its first line does not tell where it listens: ${line}`);
  const at = (path: string): string => new URL(path, url).href;
  const get = (path: string): Promise<HttpAnswer> => send(at(path), { method: 'GET' });
  return {
    url,
    pid: child.pid ?? 0,
    post: (body, headers) =>
      send(url, { body, headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers } }),
    contacts: async () => (JSON.parse((await get('/contacts')).text) as { contacts: Contact[] }).contacts,
    count: async () => (JSON.parse((await get('/contacts/count')).text) as { count: number }).count,
    contactsText: async () => (await get('/contacts')).text,
    end: () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

/** What the vendor says of a subscriber; what is not given is left out. */
export interface VendorEvent {
  readonly Type: string;
  readonly EmailAddress: string;
  readonly Date?: string;
  readonly Name?: string;
  readonly OldEmailAddress?: string;
  readonly State?: string;
  readonly CustomFields?: readonly { readonly Key: string; readonly Value: string }[];
}

const types: Readonly<Record<string, string>> = { Subscribe: 'CREATED', Update: 'UPDATED', Deactivate: 'DELETED' };

let made = 0;

/**
 * The bytes of a notification, as the relay and the platform make them.
 * @param events those of the delivery
 * @param part which of them the notification is for; all where it is not given
 */
export function notificationOf(
  events: readonly VendorEvent[],
  part: { readonly from: number; readonly to: number } = { from: 0, to: events.length },
  raw = JSON.stringify({ ListID: '4fe1bdcf8e2d6f3a90c5b7d1a2e3f405', Events: events.map(posted) }),
): Buffer {
  made += 1;
  const createdAt = Date.UTC(2026, 0, 1);
  return writeNotification(
    {
      createdAt,
      id: `id-${made}`,
      eventId: `event-${made}`,
      instance: { instanceId: 1, instanceName: 'Test', instanceTags: [], accountId: 1, companyId: 1, userId: 1 },
      events: events.slice(part.from, part.to).map((event) => ({
        date: `${dateOf(event).replace(' ', 'T')}Z`,
        elementKey: 'campaignmonitor',
        eventType: types[event.Type] ?? 'UNKNOWN',
        hubKey: 'marketing',
        objectId: event.EmailAddress,
        objectType: 'contacts',
      })),
    },
    Buffer.from(raw),
  );
}

/** The older shape, which has no `raw`. */
export function olderNotification(eventType: string, address: string): string {
  made += 1;
  const event = { eventType, objectId: address, date: '2026-01-01T10:00:00Z', objectType: 'contacts' };
  return JSON.stringify({
    eventId: `event-${made}`,
    instanceId: 1,
    response: { events: [event] },
    createdDate: javaDate(0),
  });
}

function dateOf(event: VendorEvent): string {
  return event.Date ?? '2026-01-01 10:00:00';
}

function posted(event: VendorEvent): VendorEvent {
  return { Name: 'Ann Example', CustomFields: [], ...event, Date: dateOf(event) };
}

/** The header that signs a body. */
export function signed(body: string | Uint8Array, key: string): Record<string, string> {
  return { [signatureHeader]: sign(Buffer.from(body), key) };
}
