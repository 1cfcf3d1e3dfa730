/**
 * The URIs of an event, `campaignMonitorRelay:/event/e12`, and of its documents, such as `campaignMonitorRelay:/e12/e12
 * body.json`.
 */
import { prefix } from '../prefix.ts';

/** By the name of the file. */
export const documentKinds = ['body', 'event', 'notification', 'answer'] as const;
export type DocumentKind = (typeof documentKinds)[number];

export interface DocumentAddress {
  /** Such as `e12`. */
  readonly eventId: string;
  readonly kind: DocumentKind;
  /** The attempt whose response is shown, from 1 for the oldest; null for the latest, and for other kinds. */
  readonly attempt: number | null;
}

/** VS Code takes the language from a file's name. */
export type BodyExtension = 'json' | 'xml' | 'txt';

/**
 * The path of a document: its file name, which the tab shows, names the event. `extension` is for bodies and events;
 * the other kinds have their own.
 */
export function documentPath(address: DocumentAddress, extension: BodyExtension = 'json'): string {
  const { eventId, kind, attempt } = address;
  const name = `/${eventId}/${eventId} ${kind}`;
  switch (kind) {
    case 'body':
    case 'notification':
      return `${name}.${extension}`;
    case 'event':
      return `${name}.${extension === 'txt' ? 'txt' : 'json'}`;
    case 'answer':
      return `${name}-${attempt ?? 1}.txt`;
  }
}

export function parseDocumentPath(path: string): DocumentAddress | undefined {
  const match = /^\/(e[1-9]\d*)\/\1 ([a-z]+)(?:-([1-9]\d*))?\.[a-z]+$/.exec(path);
  const [, eventId, name, number] = match ?? [];
  const kind = documentKinds.find((each) => each === name);
  if (eventId === undefined || kind === undefined || (kind === 'answer') !== (number !== undefined)) return undefined;
  return { eventId, kind, attempt: number === undefined ? null : Number(number) };
}

/** The editor's type, by which VS Code restores it. */
export const eventViewType = `${prefix}.event`;

/** The path of an event in the editor. @param eventId such as `e12` */
export function eventPath(eventId: string): string {
  return `/event/${eventId}`;
}

/** The event of a document's or an editor's path. @returns undefined if it is neither */
export function eventIdOf(path: string): string | undefined {
  return /^\/event\/(e[1-9]\d*)$/.exec(path)?.[1] ?? parseDocumentPath(path)?.eventId;
}
