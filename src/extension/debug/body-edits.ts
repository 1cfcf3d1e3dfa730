/** The bodies of held deliveries as they are edited in the debugger, until they are released. */
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Localiser } from '../ui/localiser.ts';
import { isContainer, readTyped, valueAt, withValueAt } from './json-value.ts';
import type { Json, JsonPath } from './json-value.ts';

/** A body to look at and to edit: JSON by its members, anything else that is text as a whole. */
export type EditableBody =
  | { readonly kind: 'json'; readonly value: Json; readonly edited: boolean }
  | { readonly kind: 'text'; readonly value: string; readonly edited: boolean }
  /** Not UTF-8: sent as text it would be another. */
  | { readonly kind: 'bytes'; readonly length: number; readonly edited: false };

/** An edit cannot be taken. `message` says why, in the user's language. */
export class EditError extends Error {
  override readonly name = 'EditError';
}

/** The bodies of the deliveries that are looked at. */
export class BodyEdits {
  readonly #client: RelayClient;
  readonly #l10n: Localiser;
  readonly #bodies = new Map<string, Promise<EditableBody>>();
  readonly #edited = new Map<string, Exclude<EditableBody, { kind: 'bytes' }>>();

  constructor(client: RelayClient, l10n: Localiser) {
    this.#client = client;
    this.#l10n = l10n;
  }

  /** How many deliveries have been edited and not been released. */
  get count(): number {
    return this.#edited.size;
  }

  /** Whether a delivery has been edited and not been released. @param deliveryId such as `d7` */
  isEdited(deliveryId: string): boolean {
    return this.#edited.has(deliveryId);
  }

  /**
   * The body of a delivery, as edited.
   * @throws RelayRequestError
   */
  async of(deliveryId: string): Promise<EditableBody> {
    const edited = this.#edited.get(deliveryId);
    if (edited !== undefined) return edited;
    const known = this.#bodies.get(deliveryId) ?? this.#read(deliveryId);
    this.#bodies.set(deliveryId, known);
    return known;
  }

  /**
   * Edits a value of a body.
   * @param path the way to it; of a body that is no JSON, none
   * @param typed what the user typed
   * @returns the value that stands there from now on
   * @throws EditError, RelayRequestError
   */
  async set(deliveryId: string, path: JsonPath, typed: string): Promise<Json> {
    const l10n = this.#l10n;
    const body = await this.of(deliveryId);
    switch (body.kind) {
      case 'bytes':
        throw new EditError(l10n.t('This body is not UTF-8, and cannot be edited here.'));
      case 'text': {
        const value = this.#typed(typed, body.value);
        if (typeof value !== 'string') throw new EditError(l10n.t('This body is a text, and stays one.'));
        this.#edited.set(deliveryId, { kind: 'text', value, edited: true });
        return value;
      }
      case 'json': {
        const before = valueAt(body.value, path);
        if (before === undefined) throw new EditError(l10n.t('There is no such value in this body any more.'));
        const value = this.#typed(typed, before);
        if (path.length === 0 && !isContainer(value)) throw new EditError(l10n.t('A body is an object or a list.'));
        this.#edited.set(deliveryId, { kind: 'json', value: withValueAt(body.value, path, value), edited: true });
        return value;
      }
    }
  }

  /** The text of a body that has been edited; undefined where it has not. */
  textOf(deliveryId: string): string | undefined {
    const body = this.#edited.get(deliveryId);
    if (body === undefined) return undefined;
    return body.kind === 'json' ? JSON.stringify(body.value) : body.value;
  }

  /** It has been released, or is held no more: what was edited of it is given up. */
  forget(deliveryId: string): void {
    this.#edited.delete(deliveryId);
    this.#bodies.delete(deliveryId);
  }

  #typed(typed: string, before: Json): Json {
    const l10n = this.#l10n;
    try {
      return readTyped(typed, before);
    } catch (error) {
      throw new EditError(l10n.t('This is not JSON: {0}', (error as Error).message));
    }
  }

  async #read(deliveryId: string): Promise<EditableBody> {
    const { body } = await this.#client.request('deliveries/get', { id: deliveryId });
    const bytes = Buffer.from(body, 'base64');
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
      // Whatever else it is, such as XML.
    }
    return { kind: 'text', value: text, edited: false };
  }
}
