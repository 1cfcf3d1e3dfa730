/** Events: `campaignMonitorRelay:/event/e12`; their documents: `campaignMonitorRelay:/e12/e12 body.json`. */
import { prefix } from '../prefix.ts';

export const documentKinds = ['body', 'event', 'notification', 'answer'] as const;
export type DocumentKind = (typeof documentKinds)[number];

export interface DocumentAddress {
  readonly eventId: string;
  readonly kind: DocumentKind;
  /** From 1 for the oldest attempt; null for the latest, and for other kinds. */
  readonly attempt: number | null;
}

/** VS Code takes the language from a file's name. */
export type BodyExtension = 'json' | 'xml' | 'txt';

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

/** VS Code restores the editor by this type. */
export const eventViewType = `${prefix}.event`;

export function eventPath(eventId: string): string {
  return `/event/${eventId}`;
}

export function eventIdOf(path: string): string | undefined {
  return /^\/event\/(e[1-9]\d*)$/.exec(path)?.[1] ?? parseDocumentPath(path)?.eventId;
}
