/**
 * The addresses of an event, `campaignMonitorRelay:/event/e12`, and of its documents, such as
 * `campaignMonitorRelay:/e12/e12 body.json`.
 */
import { prefix } from '../prefix.ts';

/** What can be looked at, by the name of its file. */
export const documentKinds = ['body', 'event', 'notification', 'answer'] as const;
export type DocumentKind = (typeof documentKinds)[number];

/** Which document of which event. */
export interface DocumentAddress {
  /** The event's id, such as `e12`. */
  readonly eventId: string;
  readonly kind: DocumentKind;
  /** Which attempt's answer, from 1 for the oldest; null for the latest, and for the other kinds. */
  readonly attempt: number | null;
}

/** A file's name decides the language that VS Code shows it in. */
export type BodyExtension = 'json' | 'xml' | 'txt';

/**
 * The path of a document: the name of its file, which the tab shows, says whose it is. `extension` counts
 * for bodies and events alone; the other kinds have one of their own.
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

/** Reads a path. @returns undefined where it is no document's */
export function parseDocumentPath(path: string): DocumentAddress | undefined {
  const match = /^\/(e[1-9]\d*)\/\1 ([a-z]+)(?:-([1-9]\d*))?\.[a-z]+$/.exec(path);
  const [, eventId, name, number] = match ?? [];
  const kind = documentKinds.find((each) => each === name);
  if (eventId === undefined || kind === undefined || (kind === 'answer') !== (number !== undefined)) return undefined;
  return { eventId, kind, attempt: number === undefined ? null : Number(number) };
}

/** The editor of an event: what VS Code restores it by. */
export const eventViewType = `${prefix}.event`;

/** The path of an event as the editor shows it. @param eventId such as `e12` */
export function eventPath(eventId: string): string {
  return `/event/${eventId}`;
}

/** Which event a path is of, a document's or the event's own. @returns undefined where it is neither */
export function eventIdOf(path: string): string | undefined {
  return /^\/event\/(e[1-9]\d*)$/.exec(path)?.[1] ?? parseDocumentPath(path)?.eventId;
}
