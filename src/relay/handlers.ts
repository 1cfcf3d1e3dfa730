/** What each method of the control channel does. */
import { isDeepStrictEqual } from 'node:util';
import { maskedValue } from '../common/masking.ts';
import { maxAttempts } from '../common/retry-policies.ts';
import { isCredentialHeader } from '../protocol/credential-headers.ts';
import type { Forwarding, Headers } from '../protocol/history.ts';
import type { ParsedParams } from '../protocol/methods.ts';
import type { Destination } from '../protocol/settings.ts';
import type { Status, TunnelStatus } from '../protocol/status.ts';
import type { Announcer } from './announcer.ts';
import type { Configuration } from './configuration.ts';
import { ConflictError } from './conflict.ts';
import type { Handlers } from './control.ts';
import type { Forwarder } from './forwarder.ts';
import type { HistoryThread } from './history-thread.ts';
import { fittingAnswer } from './message-size.ts';
import type { Received, Reception } from './reception.ts';
import type { KnownSecrets, Renderer } from './render.ts';
import { shownRecord, shownNotificationsOf, shownEventsOf } from './shown.ts';
import type { Store } from './store.ts';

/** The stations that methods ask. */
export interface HandlerParts {
  readonly configuration: Configuration;
  readonly store: Store;
  readonly history: HistoryThread;
  readonly renderer: Renderer;
  readonly forwarder: Forwarder;
  readonly reception: Reception;
  readonly announcer: Announcer;
  status(): Status;
  /** Opens the tunnel of the settings, or another one than before. */
  openTunnel(): void;
  closeTunnel(): Promise<void>;
  /** A delivery is on disk. */
  onReceived(received: Received): void;
  stop(): void;
}

/** Notifications replayed in one step, so that a great many do not hold the event loop. */
const replayStep = 500;

/** The handlers of a relay's methods. Params have been checked before. */
export function makeHandlers(parts: HandlerParts): Handlers {
  const { configuration, store, history, renderer, forwarder, reception, announcer } = parts;
  const destinationById = (id: number): Destination | undefined => store.destinations.get(id);
  const tunnelStatus = (): TunnelStatus => parts.status().tunnel;

  /** Adds what only the running relay knows: why it waits, and how often it will be tried. */
  const explained = (forwardings: readonly Forwarding[]): Forwarding[] => {
    if (!forwardings.some((each) => each.state === 'waiting')) return [...forwardings];
    return forwardings.map((forwarding) => {
      if (forwarding.state !== 'waiting') return forwarding;
      return {
        ...forwarding,
        maxAttempts: maxAttempts(configuration.settings.retry),
        detail: forwarding.detail ?? forwarder.whyWaiting(forwarding.destinationId),
      };
    });
  };

  const select = async ({ ids, filter, failed }: ParsedParams<'notifications/replay'>): Promise<number[]> => {
    if (ids !== undefined) return history.calls.notificationIdsFor(ids);
    if (filter !== undefined) return history.calls.notificationIds(filter);
    if (failed !== undefined) return history.calls.failedNotificationIds();
    throw new ConflictError('nothing was chosen: give ids, a filter, or failed: true');
  };

  return {
    'relay/status': () => parts.status(),
    'relay/configure': (params) => {
      const before = configuration.settings.tunnel;
      configuration.change(params);
      if (!isDeepStrictEqual(before, configuration.settings.tunnel)) parts.openTunnel();
      announcer.statusChanged();
      return parts.status();
    },
    'relay/stop': () => {
      // After the answer has gone out.
      setImmediate(() => parts.stop());
      return { stopping: true };
    },
    'tunnel/open': ({ tunnel }) => {
      if (tunnel !== undefined) configuration.useTunnel(tunnel);
      parts.openTunnel();
      return tunnelStatus();
    },
    'tunnel/close': async () => {
      await parts.closeTunnel();
      return tunnelStatus();
    },
    'events/query': async (params) => {
      const page = await history.calls.query(params);
      return { ...page, events: page.events.map((row) => ({ ...row, forwardings: explained(row.forwardings) })) };
    },
    'events/page': (params) => history.calls.page(params),
    'events/counts': (params) => history.calls.counts(params),
    'events/get': async ({ id }) => {
      const found = await history.calls.event(id);
      return {
        ...found,
        event: { ...found.event, forwardings: explained(found.event.forwardings) },
        notifications: found.notifications.map((each) => ({ ...each, forwardings: explained(each.forwardings) })),
      };
    },
    'events/clear': async () => {
      const result = await store.clear();
      announcer.statusChanged();
      return result;
    },
    'deliveries/get': ({ id }) => history.calls.delivery(id),
    'deliveries/inject': async (params) => {
      const body = 'text' in params.body ? Buffer.from(params.body.text) : Buffer.from(params.body.base64, 'base64');
      const { maxBodyBytes } = configuration.settings;
      if (body.byteLength > maxBodyBytes) throw new ConflictError(`the body is larger than ${maxBodyBytes} bytes`);
      const received = await reception.receive({
        source: params.source,
        body,
        headers: [['Content-Type', params.contentType]],
        receivedAt: Date.now(),
        injected: true,
        refusal: null,
      });
      parts.onReceived(received);
      const { delivery } = received;
      return {
        delivery: shownRecord(delivery),
        ...fittingAnswer(shownEventsOf(delivery, destinationById), shownNotificationsOf(delivery, destinationById)),
      };
    },
    'notifications/replay': async (params) => {
      const ids = await select(params);
      const replayed: number[] = [];
      for (let at = 0; at < ids.length; at += replayStep) {
        replayed.push(...(await forwarder.replay(ids.slice(at, at + replayStep), params.to)));
      }
      announcer.statusChanged();
      return { replayed: replayed.length, notificationIds: replayed.map((id) => `n${id}`) };
    },
    'notifications/render': async (params) => {
      const { notificationId, destinationId, destination } = await history.calls.target(params.id, params);
      const outgoing = renderer.render(notificationId, destination, forwarder.secrets);
      if (outgoing === undefined)
        throw new ConflictError(`notification ${params.id} was removed from the history meanwhile`);
      return {
        notificationId: `n${notificationId}`,
        destinationId,
        url: destination?.url ?? null,
        headers: masked(outgoing.headers, destination, forwarder.secrets),
        body: outgoing.body.toString('base64'),
      };
    },
    'notifications/discard': async (params) => {
      if (params.ids === undefined && params.waiting === undefined)
        throw new ConflictError('nothing was chosen: give ids, or waiting: true');
      const ids = params.ids && (await history.calls.notificationIdsFor(params.ids));
      const discarded = await store.forwardings.discard(ids);
      forwarder.discarded(ids);
      announcer.statusChanged();
      return { discarded };
    },
  };
}

/** Headers as they may be shown: credentials that were given or came with a delivery stay here. */
function masked(headers: Headers, destination: Destination | undefined, { credentials }: KnownSecrets): Headers {
  const given = Object.keys(credentials.get(destination?.credentialsName ?? '') ?? {}).map((name) =>
    name.toLowerCase(),
  );
  return headers.map(([name, value]) => [
    name,
    isCredentialHeader(name) || given.includes(name.toLowerCase()) ? maskedValue : value,
  ]);
}
