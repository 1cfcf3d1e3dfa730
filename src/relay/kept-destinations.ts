/** Destinations and render settings in the log: what forwardings and notifications refer to by number. */
import { isDeepStrictEqual } from 'node:util';
import type { Destination } from '../protocol/settings.ts';
import { StoreError } from './database.ts';
import { distinctDestinations, findForReplay, findKnown, toldId } from './destinations.ts';
import type { KnownDestination } from './destinations.ts';
import type { OpenDestination } from './forwardings.ts';
import type { RenderSettings } from './normalise.ts';
import type { Statements } from './statements.ts';
import type { WriteQueue } from './write-queue.ts';

/** What the log made of settings. */
export interface KeptSettings {
  /** The destinations of the settings, in their order, each once. */
  readonly destinations: readonly { readonly id: number; readonly destination: Destination }[];
  readonly renderSettingsId: number;
  /** The destinations that something waits or is held for. */
  readonly open: readonly OpenDestination[];
  /** Puts the destinations back to what they were. @throws StoreError */
  undo(): void;
}

/** The destinations of a log, as its only writer knows them. */
export class KeptDestinations {
  readonly #sql: Statements;
  readonly #queue: WriteQueue;
  /** As on disk, by id. */
  #destinations: ReadonlyMap<number, KnownDestination>;

  readonly #countOpen: () => OpenDestination[];

  /** @param countOpen what waits for each destination; throws where it cannot be read */
  constructor(sql: Statements, queue: WriteQueue, countOpen: () => OpenDestination[]) {
    this.#sql = sql;
    this.#queue = queue;
    this.#countOpen = countOpen;
    this.#destinations = byId(
      sql.all('SELECT id, config, position FROM destinations').map(({ id, config, position }) => ({
        id: Number(id),
        destination: JSON.parse(config as string) as Destination,
        position: position === null ? null : Number(position),
      })),
    );
  }

  get ids(): Iterable<number> {
    return this.#destinations.keys();
  }

  /** A destination's settings as last known; undefined where there is none of this id. */
  get(id: number): Destination | undefined {
    return this.#destinations.get(id)?.destination;
  }

  /** A destination as clients and the log call it. */
  nameOf(id: number): string {
    return toldId(id, this.get(id));
  }

  /**
   * Keeps what settings say of destinations and of how notifications are made, all of it or nothing.
   * @throws StoreError where it cannot be written, or what waits cannot be read
   */
  keepSettings(entries: readonly Destination[], render: RenderSettings): KeptSettings {
    const before = this.#destinations;
    const distinct = distinctDestinations(entries);
    const known = findKnown(distinct, [...before.values()]);
    let next = this.#nextId();
    const configured = distinct.map((destination, position) => ({
      id: known[position] ?? next++,
      destination,
      position,
    }));
    const others = [...before.values()].filter(({ id }) => !known.includes(id));
    let open: OpenDestination[];
    try {
      open = this.#countOpen();
    } catch (cause) {
      throw new StoreError(`the history cannot be read: ${(cause as Error).message}`, 'check-data-directory', cause);
    }
    const renderSettingsId = this.#queue.now(() => {
      this.#write([...others.map(outsideSettings), ...configured]);
      return this.#renderSettingsId(render);
    });
    this.#destinations = byId([...others.map(outsideSettings), ...configured]);
    return {
      destinations: configured,
      renderSettingsId,
      open,
      undo: () => {
        const fresh = configured.filter(({ id }) => !before.has(id)).map(outsideSettings);
        this.#queue.now(() => this.#write([...before.values(), ...fresh]));
        this.#destinations = byId([...before.values(), ...fresh]);
      },
    };
  }

  /**
   * The id of a destination that is not of the settings, as one of a replay: that of one of the settings where it would
   * send the same, else the same for the same URL, mode, key, credentials and headers.
   * @throws StoreError where it cannot be written
   */
  intern(to: Destination): number {
    const known = findForReplay(to, [...this.#destinations.values()]);
    if (known !== undefined && known.position !== null) return known.id;
    const id = known?.id ?? this.#nextId();
    // An id is the settings' own.
    const changed = { id, destination: { ...to, id: undefined }, position: null };
    this.#queue.now(() => this.#write([changed]));
    this.#destinations = byId([...this.#destinations.values(), changed]);
    return id;
  }

  /** The id under which render settings are stored; the same settings always have the same. @throws StoreError */
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

  /** Writes those that are new or changed. */
  #write(destinations: readonly KnownDestination[]): void {
    for (const each of destinations) {
      if (isDeepStrictEqual(each, this.#destinations.get(each.id))) continue;
      this.#sql.run(
        'INSERT OR REPLACE INTO destinations (id, config, position) VALUES (?, ?, ?)',
        each.id,
        JSON.stringify(each.destination),
        each.position,
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
