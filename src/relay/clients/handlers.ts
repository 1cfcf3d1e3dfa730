import { isDeepStrictEqual } from 'node:util';
import { maskedValue } from '../../common/masking.ts';
import { maxAttempts } from '../../common/retry-policies.ts';
import type { HeldAtStop, HeldForwarding } from '../../protocol/debug.ts';
import { isCredentialHeader } from '../../protocol/credential-headers.ts';
import type { Forwarding, Headers, Source } from '../../protocol/history.ts';
import type { ParsedParams, Result } from '../../protocol/methods.ts';
import type { Destination } from '../../protocol/settings.ts';
import type { Status, TunnelStatus } from '../../protocol/status.ts';
import type { Announcer } from './announcer.ts';
import type { Configuration } from '../configuration.ts';
import { ConflictError } from '../../protocol/errors.ts';
import type { Handlers } from './control.ts';
import type { Forwarder } from '../sending/forwarder.ts';
import type { Gate } from '../gate/gate.ts';
import type { HeldFact, Hold, Holdable } from '../log/held.ts';
import type { HistoryReader } from '../history/history.ts';
import type { HistoryThread } from '../history/history-thread.ts';
import { TimeoutSuspension } from '../sending/time-limit.ts';
import { fittingAnswer } from '../../protocol/message-size.ts';
import type { AnswerOnPurpose } from '../receiving/answer-on-purpose.ts';
import type { Edit, Received, Reception } from '../receiving/reception.ts';
import { fetchedDeliveries } from '../receiving/fetched-deliveries.ts';
import type { KnownSecrets, Renderer } from '../sending/render.ts';
import { protocolRecord, protocolNotificationsOf, protocolEventsOf } from '../log/protocol-shapes.ts';
import type { DeliveryRecord } from '../log/records.ts';
import type { Store } from '../log/store.ts';

export interface HandlerParts {
  readonly configuration: Configuration;
  readonly store: Store;
  readonly history: HistoryThread;
  readonly renderer: Renderer;
  readonly forwarder: Forwarder;
  readonly gate: Gate;
  readonly reception: Reception;
  readonly onPurpose: AnswerOnPurpose;
  readonly announcer: Announcer;
  status(): Status;
  openTunnel(): void;
  /** @returns whether the tunnel was waiting to retry or had failed */
  retryTunnel(): boolean;
  closeTunnel(): Promise<void>;
  log(level: 'info', message: string): void;
  onReceived(received: Received): void;
  stop(held: HeldAtStop): void;
}

type Selected = ReturnType<HistoryReader['notificationsFor']>;

/** A large replay runs in steps, so that it doesn't block the event loop. */
const replayStep = 500;

export function makeHandlers(parts: HandlerParts): Handlers {
  const { configuration, store, history, renderer, forwarder, gate, reception, onPurpose, announcer } = parts;
  const timeoutSuspension = new TimeoutSuspension((destinationIds) => {
    forwarder.liftTimeouts(destinationIds);
    announcer.statusChanged();
  });
  const takeFetched = fetchedDeliveries(
    store,
    reception,
    () => configuration.settings.maxBodyBytes,
    (received) => parts.onReceived(received),
  );
  const destinationById = (id: number): Destination | undefined => store.destinations.get(id);
  const holdOf = (forwarding: Holdable): Hold | null => gate.holdOf(forwarding);
  const tunnelStatus = (): TunnelStatus => parts.status().tunnel;

  const explained = (forwardings: readonly Forwarding[]): Forwarding[] => {
    if (!forwardings.some((each) => each.state === 'waiting')) return [...forwardings];
    return forwardings.map((forwarding) => {
      if (forwarding.state !== 'waiting') return forwarding;
      const why = forwarder.whyWaiting(forwarding.destinationId);
      return {
        ...forwarding,
        maxAttempts: maxAttempts(configuration.settings.retry),
        ...why,
        detail: forwarding.detail ?? why.detail,
      };
    });
  };

  const select = async (params: ParsedParams<'notifications/discard'>): Promise<Selected | undefined> => {
    const { ids, filter, before, except } = params;
    if (ids !== undefined) return history.calls.notificationsFor(ids);
    if (filter === undefined) return undefined;
    return { notifications: await history.calls.notificationIds(filter, before, except), gone: 0 };
  };

  const inject = async (
    source: Source,
    given: ParsedParams<'deliveries/inject'>['body'],
    contentType: string,
    edit?: Edit,
  ): Promise<DeliveryRecord> => {
    const body = 'text' in given ? Buffer.from(given.text) : Buffer.from(given.base64, 'base64');
    const { maxBodyBytes } = configuration.settings;
    if (body.byteLength > maxBodyBytes)
      throw new ConflictError(`the body is larger than ${maxBodyBytes} bytes`, 'send-smaller-body');
    const received = await reception.receive({
      source,
      body,
      headers: [['Content-Type', contentType]],
      receivedAt: Date.now(),
      injected: true,
      refusal: null,
      ...(edit !== undefined && { edit }),
    });
    parts.onReceived(received);
    return received.delivery;
  };

  const shown = (delivery: DeliveryRecord): Result<'deliveries/inject'> => ({
    delivery: protocolRecord(delivery),
    ...fittingAnswer(
      protocolEventsOf(delivery, destinationById, holdOf),
      protocolNotificationsOf(delivery, destinationById, holdOf),
    ),
  });

  const meant = async (id: string | undefined): Promise<number[] | undefined> =>
    id === undefined ? undefined : (await history.calls.notificationsFor([id])).notifications;

  const done = (id: string | undefined, ids: readonly number[] | undefined, facts: HeldFact[]): HeldForwarding[] => {
    if (facts.length === 0 && id !== undefined) throw notHeld(id, ids ?? []);
    announcer.statusChanged();
    return facts.map((fact) => gate.shown(fact));
  };

  const notHeld = (id: string, ids: readonly number[]): ConflictError => {
    const [held] = ids.flatMap((each) => store.forwardings.heldOf(each, gate.view));
    if (held === undefined) return new ConflictError(`nothing is held for ${id}`, 'see-what-is-held');
    const advice = held.hold.by === 'missing-key' ? 'give-key' : 'see-what-is-held';
    return new ConflictError(`${id} is on hold: ${held.hold.detail}`, advice);
  };

  return {
    'relay/status': () => parts.status(),
    'relay/configure': async (params) => {
      const before = await configuration.change(params);
      if (!isDeepStrictEqual(before.tunnel, configuration.settings.tunnel)) parts.openTunnel();
      announcer.statusChanged();
      return parts.status();
    },
    'relay/newSecret': ({ replaces }) => {
      configuration.renewSecret(replaces);
      parts.log('info', 'the webhook URLs have a new secret; the old URLs return 404');
      announcer.statusNow();
      return parts.status();
    },
    'relay/stop': ({ held = 'keep' }) => {
      // After the response is sent.
      setImmediate(() => parts.stop(held));
      return { stopping: true };
    },
    'relay/answer': ({ answer }) => {
      if (answer === null) onPurpose.end();
      else onPurpose.begin(answer);
      return { answering: onPurpose.answering };
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
    'relay/retry': () => {
      const tunnel = parts.retryTunnel() ? tunnelStatus() : null;
      return { tried: forwarder.tryNow(), tunnel };
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
      history.tell('forgetText');
      announcer.statusChanged();
      return result;
    },
    'deliveries/get': async ({ id }) => {
      const found = await history.calls.delivery(id);
      const withWhy = <T extends { readonly forwardings: Forwarding[] }>(each: T): T => ({
        ...each,
        forwardings: explained(each.forwardings),
      });
      return { ...found, events: found.events.map(withWhy), notifications: found.notifications.map(withWhy) };
    },
    'deliveries/inject': async (params) => shown(await inject(params.source, params.body, params.contentType)),
    'deliveries/fetched': async (delivery) => ({ result: await takeFetched(delivery) }),
    'deliveries/areFetched': ({ deliveries }) => ({ all: deliveries.every((each) => store.isFetched(each)) }),
    'notifications/replay': async (params) => {
      if (params.ids === undefined && params.filter === undefined && params.failed === undefined)
        throw new ConflictError('nothing selected: give IDs, a filter, or failed: true');
      const selected = await select(params);
      const ids = selected?.notifications ?? (await history.calls.failedNotificationIds());
      const gone = selected?.gone ?? 0;
      const replayed: number[] = [];
      const modes = new Map<number, Destination['mode']>();
      for (let at = 0; at < ids.length; at += replayStep) {
        replayed.push(...(await forwarder.replay(ids.slice(at, at + replayStep), params.to, modes)));
      }
      announcer.statusChanged();
      const notificationIds = replayed.map((id) => `n${id}`);
      return { replayed: replayed.length, notificationIds, ...(gone > 0 && { gone }) };
    },
    'notifications/render': async (params) => {
      const { notificationId, destinationId, destination } = await history.calls.target(params.id, params);
      const outgoing = renderer.render(notificationId, destination, forwarder.secrets);
      if (outgoing === undefined) throw new ConflictError(`${params.id} is no longer in the history`, 'choose-again');
      return {
        notificationId: `n${notificationId}`,
        destinationId,
        url: destination?.url ?? null,
        headers: masked(outgoing.headers, destination, forwarder.secrets),
        body: outgoing.body.toString('base64'),
      };
    },
    'notifications/discard': async (params) => {
      const selected = await select(params);
      if (selected === undefined && params.waiting === undefined)
        throw new ConflictError('nothing selected: give IDs, a filter, or waiting: true');
      const discarded = await store.forwardings.discard(selected?.notifications);
      forwarder.discarded(selected?.notifications);
      announcer.statusChanged();
      return { discarded, ...(selected !== undefined && selected.gone > 0 && { gone: selected.gone }) };
    },
    'debug/sending': () => ({ sending: gate.sending }),
    'debug/pause': async ({ by }) => {
      await gate.pause(by);
      return { sending: gate.sending };
    },
    'debug/step': async ({ id }) => {
      const ids = await meant(id);
      const released = done(id, ids, await gate.step(ids));
      return { released, sending: gate.sending };
    },
    'debug/continue': async () => {
      const released = await gate.continue();
      return { released, sending: gate.sending };
    },
    'debug/drop': async ({ id }) => {
      const ids = await meant(id);
      const dropped = done(id, ids, await gate.drop(ids));
      return { dropped, sending: gate.sending };
    },
    'debug/edit': async ({ id, body, contentType }) => {
      const [first] = (await history.calls.notificationsFor([id])).notifications;
      const deliveryId = first === undefined ? undefined : store.stored.notification(first)?.deliveryId;
      const original = deliveryId === undefined ? undefined : store.stored.body(deliveryId);
      if (deliveryId === undefined || original === undefined)
        throw new ConflictError(`nothing is held for ${id}`, 'see-what-is-held');
      const { notifications: ids } = await history.calls.notificationsFor([`d${deliveryId}`]);
      return gate.replace(ids, async (held) => {
        if (held.length === 0) throw notHeld(id, ids);
        const type = contentType ?? original.contentType ?? 'application/json; charset=utf-8';
        const edited = await inject(original.source, body, type, { deliveryId, held });
        announcer.statusChanged();
        const dropped = held.filter((fact) => edited.drops?.includes(fact));
        return { ...shown(edited), dropped: dropped.map((fact) => gate.shown(fact)) };
      });
    },
    'debug/held': ({ limit, after }) => {
      const { held, more } = store.forwardings.listHeld(
        after === undefined ? 0 : Number(after.slice(1)),
        limit,
        gate.view,
      );
      return { held: held.map((fact) => gate.shown(fact)), more };
    },
    'debug/patience': ({ destinationIds }, caller) => {
      const known = new Set(forwarder.status().map((each) => each.destinationId));
      const unknown = destinationIds.find((id) => !known.has(id));
      if (unknown !== undefined) throw new ConflictError(`no destination ${unknown}`, 'see-destinations');
      timeoutSuspension.ask(caller, destinationIds);
      const lifted = forwarder.status().filter(({ timeoutLifted }) => timeoutLifted === true);
      return { destinationIds: lifted.map((each) => each.destinationId) };
    },
    'debug/breakpoints': async (change, caller) => {
      const result = await gate.changeBreakpoints(change, caller);
      if (result.changed.length > 0) announcer.statusChanged();
      return result;
    },
  };
}

function masked(headers: Headers, destination: Destination | undefined, { credentials }: KnownSecrets): Headers {
  const given = Object.keys(credentials.get(destination?.credentialsName ?? '') ?? {}).map((name) =>
    name.toLowerCase(),
  );
  return headers.map(([name, value]) => [
    name,
    isCredentialHeader(name) || given.includes(name.toLowerCase()) ? maskedValue : value,
  ]);
}
