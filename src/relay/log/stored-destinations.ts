import { isDeepStrictEqual } from 'node:util';
import type { Destination } from '../../protocol/settings.ts';
import { distinctDestinations, findForReplay, findKnown, protocolDestinationId } from './destinations.ts';
import type { KnownDestination } from './destinations.ts';
import { readDestinationHold, type DestinationHold } from './held.ts';
import type { RenderSettings } from '../../normalizer/normalize.ts';
import type { Statements } from './statements.ts';
import type { WriteQueue } from './write-queue.ts';

export type HoldsDestination = (destination: Destination) => DestinationHold | null;

export interface StoredSettings {
  readonly destinations: readonly { readonly id: number; readonly destination: Destination }[];
  readonly renderSettingsId: number;
  undo(): void;
}

export class StoredDestinations {
  readonly #sql: Statements;
  readonly #queue: WriteQueue;
  #destinations: ReadonlyMap<number, KnownDestination>;

  constructor(sql: Statements, queue: WriteQueue) {
    this.#sql = sql;
    this.#queue = queue;
    this.#destinations = byId(
      sql.all('SELECT id, config, position, held FROM destinations').map(({ id, config, position, held }) => ({
        id: Number(id),
        destination: JSON.parse(config as string) as Destination,
        position: position === null ? null : Number(position),
        held: readDestinationHold(held),
      })),
    );
  }

  get ids(): Iterable<number> {
    return this.#destinations.keys();
  }

  get(id: number): Destination | undefined {
    return this.#destinations.get(id)?.destination;
  }

  heldBy(id: number): DestinationHold | null {
    return this.#destinations.get(id)?.held ?? null;
  }

  nameOf(id: number): string {
    return protocolDestinationId(id, this.get(id));
  }

  /** All or nothing. @throws StoreError */
  keepSettings(entries: readonly Destination[], render: RenderSettings, heldBy: HoldsDestination): StoredSettings {
    const before = this.#destinations;
    const distinct = distinctDestinations(entries);
    const known = findKnown(distinct, [...before.values()]);
    let next = this.#nextId();
    const configured = distinct.map((destination, position) => ({
      id: known[position] ?? next++,
      destination,
      position,
      held: heldBy(destination),
    }));
    const others = [...before.values()]
      .filter(({ id }) => !known.includes(id))
      .map((each) => ({ ...outsideSettings(each), held: heldBy(each.destination) }));
    const renderSettingsId = this.#queue.now(() => {
      this.#write([...others, ...configured]);
      return this.#renderSettingsId(render);
    });
    this.#destinations = byId([...others, ...configured]);
    return {
      destinations: configured,
      renderSettingsId,
      undo: () => {
        const fresh = configured.filter(({ id }) => !before.has(id)).map(outsideSettings);
        this.#queue.now(() => this.#write([...before.values(), ...fresh]));
        this.#destinations = byId([...before.values(), ...fresh]);
      },
    };
  }

  /** Outside the settings, such as for a replay, the same requests have the same ID. @throws StoreError */
  intern(to: Destination, heldBy: HoldsDestination): number {
    const known = findForReplay(to, [...this.#destinations.values()]);
    if (known !== undefined && known.position !== null) return known.id;
    const id = known?.id ?? this.#nextId();
    // An ID belongs to the settings.
    const changed = { id, destination: { ...to, id: undefined }, position: null, held: heldBy(to) };
    this.#queue.now(() => this.#write([changed]));
    this.#destinations = byId([...this.#destinations.values(), changed]);
    return id;
  }

  /** The same settings always have the same ID. @throws StoreError */
  internRenderSettings(settings: RenderSettings): number {
    return this.#queue.now(() => this.#renderSettingsId(settings));
  }

  #nextId(): number {
    return [...this.#destinations.keys()].reduce((highest, id) => Math.max(highest, id), 0) + 1;
  }

  #renderSettingsId(settings: RenderSettings): number {
    const json = JSON.stringify(settings);
    this.#sql.run('INSERT OR IGNORE INTO render_settings (json) VALUES (?)', json);
    return Number(this.#sql.get('SELECT id FROM render_settings WHERE json = ?', json)?.['id']);
  }

  #write(destinations: readonly KnownDestination[]): void {
    for (const each of destinations) {
      if (isDeepStrictEqual(each, this.#destinations.get(each.id))) continue;
      this.#sql.run(
        'INSERT OR REPLACE INTO destinations (id, config, position, held) VALUES (?, ?, ?, ?)',
        each.id,
        JSON.stringify(each.destination),
        each.position,
        each.held === null ? null : JSON.stringify(each.held),
      );
    }
  }
}

function byId(destinations: readonly KnownDestination[]): ReadonlyMap<number, KnownDestination> {
  return new Map(destinations.map((each) => [each.id, each]));
}

function outsideSettings(destination: KnownDestination): KnownDestination {
  return { ...destination, position: null };
}
