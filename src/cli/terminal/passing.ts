import type { Answering } from '../../protocol/answering.ts';
import type { Sending, Stop } from '../../protocol/debug.ts';
import type { Attempt, Delivery, EventRow } from '../../protocol/history.ts';
import type { Status, TunnelStatus } from '../../protocol/status.ts';
import type { CommandError } from '../errors.ts';
import { Batches } from './batches.ts';
import { LiveView } from './live-view.ts';
import { maskedUrl } from './masked.ts';
import { fitted, jsonLine, LiveWriter } from './output.ts';
import { widthOf } from './text.ts';
import { commandProcess, styleText } from './command-process.ts';

export interface Passing {
  ready(status: Status, attached: boolean): void;
  configured(status: Status): void;
  delivery(delivery: Delivery, events: readonly EventRow[]): void;
  attempt(attempt: Attempt): void;
  tunnel(tunnel: TunnelStatus): void;
  answering(answering: Answering): void;
  stopped(stop: Stop, sending: Sending): void;
  continued(sending: Sending): void;
  /** The relay left some out because this client reads too slowly. */
  missed(count: number): void;
  flushed(milliseconds: number): Promise<void>;
  readonly closed: Promise<CommandError | null>;
}

/** Masks only the destination's URL, which alone may contain secrets: there may be thousands per second. */
function withoutSecrets<T extends { readonly destination: string }>(sent: T): T {
  return { ...sent, destination: maskedUrl(sent.destination) };
}

export function readyLine(status: Status): object {
  const { campaignMonitorUrl, openConnectorsUrl, publicUrl, pid, dataDir } = status;
  const { publicCampaignMonitorUrl, publicOpenConnectorsUrl } = status;
  return {
    type: 'ready',
    campaignMonitorUrl,
    openConnectorsUrl,
    publicUrl,
    publicCampaignMonitorUrl,
    publicOpenConnectorsUrl,
    pid,
    dataDir,
  };
}

export class JsonLines implements Passing {
  readonly #writer: LiveWriter;
  #url = '';

  constructor() {
    this.#writer = new LiveWriter(commandProcess().stdout, {
      missed: (count) => JSON.stringify({ type: 'missed', count }),
      probes: true,
    });
  }

  ready(status: Status): void {
    this.#url = status.campaignMonitorUrl;
    this.#write(readyLine(status));
    if (status.tunnel.kind !== 'none') this.tunnel(status.tunnel);
    if (status.answering.state === 'on-purpose') this.answering(status.answering);
  }

  configured(status: Status): void {
    if (status.campaignMonitorUrl === this.#url) return;
    this.#url = status.campaignMonitorUrl;
    this.#write({ ...readyLine(status), type: 'url' });
  }

  delivery(delivery: Delivery, events: readonly EventRow[]): void {
    const shown = events.map((event) => ({ ...event, forwardings: event.forwardings.map(withoutSecrets) }));
    this.#write({ type: 'delivery', ...delivery, events: shown });
  }

  attempt(attempt: Attempt): void {
    this.#write({ type: 'attempt', ...withoutSecrets(attempt) });
  }

  tunnel(tunnel: TunnelStatus): void {
    this.#write({ type: 'tunnel', ...tunnel });
  }

  answering(answering: Answering): void {
    this.#write({ type: 'answering', ...answering });
  }

  stopped(stop: Stop, { held }: Sending): void {
    this.#write({ type: 'stopped', ...stop, held });
  }

  continued({ held }: Sending): void {
    this.#write({ type: 'continued', held });
  }

  missed(count: number): void {
    this.#writer.miss(count);
  }

  flushed(milliseconds: number): Promise<void> {
    return this.#writer.flushed(milliseconds);
  }

  get closed(): Promise<CommandError | null> {
    return this.#writer.closed;
  }

  #write(value: object): void {
    this.#writer.write(jsonLine(value));
  }
}

export class LiveLines implements Passing {
  #url = '';
  readonly #view = new LiveView(
    (format, text) => styleText(format, text),
    () => widthOf(commandProcess().stdout),
  );
  readonly #batches = new Batches((outcome) => this.#writer.write(this.#view.batch(withoutSecrets(outcome))));
  readonly #writer: LiveWriter;
  readonly #inFull: boolean;
  #hasSaidWhere = false;
  lastFailed: string | undefined;

  constructor(inFull: boolean) {
    this.#inFull = inFull;
    this.#writer = new LiveWriter(commandProcess().stdout, {
      missed: (count) => this.#view.missed(count),
      probes: true,
    });
  }

  write(line: string): void {
    this.#writer.write(line);
  }

  footer(text: string): void {
    this.#writer.footer(text);
  }

  ready(status: Status, attached: boolean): void {
    this.#url = status.campaignMonitorUrl;
    this.#view.configured(status);
    const opening = this.#inFull ? this.#view.opening(status, attached) : [this.#view.summary(status, attached)];
    for (const line of opening) this.#writer.write(fitted(line, commandProcess().stdout));
    this.tunnel(status.tunnel);
  }

  configured(status: Status): void {
    this.#view.configured(status);
    if (status.campaignMonitorUrl === this.#url) return;
    this.#url = status.campaignMonitorUrl;
    for (const line of this.#view.moved(status, this.#inFull)) this.#writer.write(line);
  }

  delivery(delivery: Delivery, events: readonly EventRow[]): void {
    this.#batches.came(delivery, events);
    this.#writer.write(this.#view.delivery(delivery, events));
  }

  attempt(attempt: Attempt): void {
    if (attempt.outcome === 'failed') this.lastFailed = attempt.notificationId;
    if (this.#batches.attempt(attempt)) return;
    this.#writer.write(this.#view.attempt(withoutSecrets(attempt)));
    if (attempt.outcome === 'sent' || this.#hasSaidWhere) return;
    this.#hasSaidWhere = true;
    this.#writer.write(fitted(this.#view.whereWhy(attempt.notificationId), commandProcess().stdout, 2));
  }

  tunnel(tunnel: TunnelStatus): void {
    if (tunnel.kind !== 'none') this.#writer.write(fitted(this.#view.tunnel(tunnel), commandProcess().stdout, 11));
  }

  answering(answering: Answering): void {
    this.#writer.write(fitted(this.#view.answering(answering), commandProcess().stdout, 11));
  }

  stopped(stop: Stop, sending: Sending): void {
    this.#writer.write(this.#view.stopped(stop, sending));
  }

  continued(): void {
    this.#writer.write(this.#view.continued());
  }

  missed(count: number): void {
    this.#writer.miss(count);
  }

  flushed(milliseconds: number): Promise<void> {
    this.#batches.flush();
    return this.#writer.flushed(milliseconds);
  }

  get closed(): Promise<CommandError | null> {
    return this.#writer.closed;
  }
}

export class NoLines implements Passing {
  readonly closed = new Promise<never>(() => undefined);
  ready(): void {}
  configured(): void {}
  delivery(): void {}
  attempt(): void {}
  tunnel(): void {}
  answering(): void {}
  stopped(): void {}
  continued(): void {}
  missed(): void {}
  flushed(): Promise<void> {
    return Promise.resolve();
  }
}
