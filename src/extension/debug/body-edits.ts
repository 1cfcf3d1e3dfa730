import { say } from '../../common/say.ts';
import type { RelayClient } from '../../protocol/relay-client.ts';
import { isContainer, readTyped, valueAt, withValueAt, type Json, type JsonPath } from './json-value.ts';

export type EditableBody =
  | { readonly kind: 'json'; readonly value: Json; readonly edited: boolean }
  | { readonly kind: 'text'; readonly value: string; readonly edited: boolean }
  /** Not UTF-8, so sending it as text would change it. */
  | { readonly kind: 'bytes'; readonly length: number; readonly edited: false };

export class EditError extends Error {
  override readonly name = 'EditError';
}

interface Read {
  readonly body: EditableBody;
  readonly first: number;
}

export interface Edited {
  readonly deliveryId: string;
  readonly first: number;
}

export class BodyEdits {
  readonly #client: RelayClient;
  readonly #read = new Map<string, Promise<Read>>();
  readonly #edited = new Map<string, Exclude<EditableBody, { kind: 'bytes' }> & Edited>();

  constructor(client: RelayClient) {
    this.#client = client;
  }

  get edited(): readonly Edited[] {
    return [...this.#edited.values()];
  }

  isEdited(deliveryId: string): boolean {
    return this.#edited.has(deliveryId);
  }

  async of(deliveryId: string): Promise<EditableBody> {
    return this.#edited.get(deliveryId) ?? (await this.#delivery(deliveryId)).body;
  }

  /** @param path empty if the body isn't JSON @throws EditError, RelayRequestError */
  async set(deliveryId: string, path: JsonPath, typed: string): Promise<Json> {
    const { first } = await this.#delivery(deliveryId);
    const body = await this.of(deliveryId);
    const keep = (changed: Exclude<EditableBody, { kind: 'bytes' }>): void =>
      void this.#edited.set(deliveryId, { ...changed, deliveryId, first });
    switch (body.kind) {
      case 'bytes':
        throw new EditError(say('You can’t edit this body here because it isn’t UTF-8.'));
      case 'text': {
        const value = this.#typed(typed, body.value);
        if (typeof value !== 'string')
          throw new EditError(say('This body must remain text. Put the new value in quotation marks.'));
        keep({ kind: 'text', value, edited: true });
        return value;
      }
      case 'json': {
        const before = valueAt(body.value, path);
        if (before === undefined) throw new EditError(say('This value is no longer in the body.'));
        const value = this.#typed(typed, before);
        if (path.length === 0 && !isContainer(value)) throw new EditError(say('A body must be an object or a list.'));
        keep({ kind: 'json', value: withValueAt(body.value, path, value), edited: true });
        return value;
      }
    }
  }

  textOf(deliveryId: string): string | undefined {
    const body = this.#edited.get(deliveryId);
    if (body === undefined) return undefined;
    return body.kind === 'json' ? JSON.stringify(body.value) : body.value;
  }

  forget(deliveryId: string): void {
    this.#edited.delete(deliveryId);
    this.#read.delete(deliveryId);
  }

  #typed(typed: string, before: Json): Json {
    try {
      return readTyped(typed, before);
    } catch (error) {
      throw new EditError(say('Not valid JSON: {0}', (error as Error).message));
    }
  }

  #delivery(deliveryId: string): Promise<Read> {
    const known = this.#read.get(deliveryId);
    if (known !== undefined) return known;
    const asked = this.#ask(deliveryId);
    this.#read.set(deliveryId, asked);
    asked.catch(() => this.#read.delete(deliveryId));
    return asked;
  }

  async #ask(deliveryId: string): Promise<Read> {
    const { body, notifications } = await this.#client.request('deliveries/get', { id: deliveryId });
    const first = Math.min(...notifications.map(({ id }) => Number(id.slice(1))));
    return { body: readBody(Buffer.from(body, 'base64')), first };
  }
}

function readBody(bytes: Buffer): EditableBody {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { kind: 'bytes', length: bytes.length, edited: false };
  }
  try {
    const value = JSON.parse(text) as Json;
    if (isContainer(value)) return { kind: 'json', value, edited: false };
  } catch {
    // Not JSON, such as XML.
  }
  return { kind: 'text', value: text, edited: false };
}
