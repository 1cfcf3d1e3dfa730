import { styleText } from 'node:util';
import type { Logged, Sending, Stop } from '../protocol/debug.ts';
import type { Attempt, Delivery, EventRow } from '../protocol/history.ts';
import type { Status, TunnelStatus } from '../protocol/status.ts';
import { LiveView } from './live-view.ts';
import { jsonLine, LiveWriter } from './output.ts';

/** How `listen` shows what passes, on standard output. */
export interface Passing {
  /** The first lines. */
  ready(status: Status, attached: boolean): void;
  /** The settings have changed. */
  configured(status: Status): void;
  delivery(delivery: Delivery, events: readonly EventRow[]): void;
  attempt(attempt: Attempt): void;
  tunnel(tunnel: TunnelStatus): void;
  /** Sending stopped, or goes on, and what log points say. */
  stopped(stop: Stop, sending: Sending): void;
  continued(sending: Sending): void;
  logged(line: Logged): void;
  /** The relay has left some out for a client that reads too slowly. */
  missed(count: number): void;
  /** Resolves when all is read, or after so many milliseconds. */
  flushed(milliseconds: number): Promise<void>;
}

function writerOf(missed: (count: number) => string, say: (text: string) => void): LiveWriter {
  return new LiveWriter(process.stdout, {
    missed,
    onClosed: () => say('Nobody reads the output any more: it ends, the relay goes on.'),
  });
}

/** For machines: one JSON object a line. */
export class JsonLines implements Passing {
  readonly #writer: LiveWriter;

  constructor(say: (text: string) => void) {
    this.#writer = writerOf((count) => JSON.stringify({ type: 'missed', count }), say);
  }

  ready({ campaignMonitorUrl, openConnectorsUrl, publicUrl, pid, dataDir }: Status): void {
    this.#write({ type: 'ready', campaignMonitorUrl, openConnectorsUrl, publicUrl, pid, dataDir });
  }

  configured(): void {
    // No line says so.
  }

  delivery(delivery: Delivery, events: readonly EventRow[]): void {
    this.#write({ type: 'delivery', ...delivery, events });
  }

  attempt(attempt: Attempt): void {
    this.#write({ type: 'attempt', ...attempt });
  }

  tunnel(tunnel: TunnelStatus): void {
    this.#write({ type: 'tunnel', ...tunnel });
  }

  stopped(stop: Stop, { held }: Sending): void {
    this.#write({ type: 'stopped', ...stop, held });
  }

  continued({ held }: Sending): void {
    this.#write({ type: 'continued', held });
  }

  logged(line: Logged): void {
    this.#write({ type: 'logged', ...line });
  }

  missed(count: number): void {
    this.#writer.miss(count);
  }

  flushed(milliseconds: number): Promise<void> {
    return this.#writer.flushed(milliseconds);
  }

  #write(value: object): void {
    this.#writer.write(jsonLine(value));
  }
}

/** For people. */
export class LiveLines implements Passing {
  readonly #view = new LiveView(
    (format, text) => styleText(format, text),
    () => (process.stdout.isTTY ? process.stdout.columns : Infinity),
  );
  readonly #writer: LiveWriter;

  constructor(say: (text: string) => void) {
    this.#writer = writerOf((count) => this.#view.missed(count), say);
  }

  ready(status: Status, attached: boolean): void {
    this.#view.configured(status);
    for (const line of this.#view.opening(status, attached)) this.#writer.write(line);
    this.tunnel(status.tunnel);
  }

  configured(status: Status): void {
    this.#view.configured(status);
  }

  delivery(delivery: Delivery, events: readonly EventRow[]): void {
    this.#writer.write(this.#view.delivery(delivery, events));
  }

  attempt(attempt: Attempt): void {
    this.#writer.write(this.#view.attempt(attempt));
  }

  tunnel(tunnel: TunnelStatus): void {
    if (tunnel.kind !== 'none') this.#writer.write(this.#view.tunnel(tunnel));
  }

  stopped(stop: Stop, sending: Sending): void {
    this.#writer.write(this.#view.stopped(stop, sending));
  }

  continued(): void {
    this.#writer.write(this.#view.continued());
  }

  logged(line: Logged): void {
    this.#writer.write(this.#view.logged(line));
  }

  missed(count: number): void {
    this.#writer.miss(count);
  }

  flushed(milliseconds: number): Promise<void> {
    return this.#writer.flushed(milliseconds);
  }
}
