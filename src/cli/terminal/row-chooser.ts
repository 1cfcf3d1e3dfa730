/** Choosing one of the events that passed in the live view, to be shown or sent again. */
import type { RelayClient } from '../../protocol/relay-client.ts';
import type { Delivery, EventRow } from '../../protocol/history.ts';
import { overviewLines, requestsOf } from './event-overview.ts';
import { find } from '../found.ts';
import { rowText } from './live-view.ts';
import type { LiveLines } from './passing.ts';
import { clip, printable, widthOf } from './text.ts';
import { commandProcess } from './command-process.ts';

/** So many of the last ones can be chosen from. */
const mostRows = 500;

interface Row {
  readonly id: string;
  readonly text: string;
}

/** What may be done with the chosen one, as the line below the last one says. */
const help = 'Enter show · s resend · Esc leave';
/** The same where there is no room for it beside the event. */
const shortHelp = '? keys';
const leastRoom = 24;

/** The rows that passed, one of which may be chosen. */
export class RowChooser {
  readonly #client: RelayClient;
  readonly #lines: LiveLines;
  readonly #rows: Row[] = [];
  #chosen: Row | null = null;

  constructor(client: RelayClient, lines: LiveLines) {
    this.#client = client;
    this.#lines = lines;
    lines.onRow((delivery, events) => this.#passed(delivery, events));
  }

  /**
   * What a key does here.
   * @param key as of `readKeys`
   * @returns undefined where it is none of these keys
   */
  actionOf(key: string): (() => Promise<string>) | undefined {
    switch (key) {
      case 'up':
      case 'k':
        return () => this.#move(-1);
      case 'down':
      case 'j':
        return () => this.#move(1);
      case 'escape':
        return () => this.#choose(null);
      case 'enter':
        return () => this.#show();
      case 's':
        return () => this.#sendAgain();
      default:
        return undefined;
    }
  }

  #passed(delivery: Delivery, events: readonly EventRow[]): void {
    this.#rows.push(rowText(delivery, events));
    if (this.#rows.length > mostRows) this.#rows.shift();
  }

  /** The first that is chosen is the last that passed. */
  #move(by: number): Promise<string> {
    const rows = this.#rows;
    const now = this.#chosen === null ? rows.length : rows.indexOf(this.#chosen);
    return this.#choose(rows[Math.max(0, Math.min(now + by, rows.length - 1))] ?? null);
  }

  #choose(row: Row | null): Promise<string> {
    this.#chosen = row;
    const text = row === null ? '' : `▸ ${row.id}  ${printable(row.text)}`;
    // The last column stays free: some terminals begin a line behind it.
    const roomBeside = (told: string): number => widthOf(commandProcess().stdout) - told.length - 4;
    const told = roomBeside(help) < leastRoom ? shortHelp : help;
    this.#lines.footer(text === '' ? '' : `${clip(text, Math.max(1, roomBeside(told)))}   ${told}`);
    return Promise.resolve(row === null && this.#rows.length === 0 ? 'No events yet.' : '');
  }

  async #show(): Promise<string> {
    const row = this.#chosen;
    if (row === null) return '';
    const found = await find(this.#client, row.id);
    this.#lines.write(overviewLines(found, await requestsOf(this.#client, found)).join('\n'));
    return '';
  }

  async #sendAgain(): Promise<string> {
    const row = this.#chosen;
    if (row === null) return 'First choose an event with ↑ or ↓.';
    const { replayed } = await this.#client.request('notifications/replay', { ids: [row.id] });
    return replayed === 0
      ? `Cannot resend ${row.id}: it has no notifications, has no destination, or is already waiting or held.`
      : `Resending ${row.id}.`;
  }
}
