/** What an observation does to a list and an instance, step by step: each is recorded before it is taken. */
import { setTimeout as delay } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { CampaignMonitorApi, NewSubscriber } from '../../campaign-monitor/api.ts';
import { CampaignMonitorError } from '../../campaign-monitor/api-error.ts';
import type { WebhookFormat } from '../../campaign-monitor/answers.ts';
import { webhookEventTypes } from '../../campaign-monitor/event-types.ts';
import type { WebhookEventType } from '../../campaign-monitor/event-types.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import { OpenConnectorsError } from '../../open-connectors/api-error.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import { retryDelays } from '../../common/retry-policies.ts';
import { count, duration } from '../terminal/text.ts';
import { addressesOf, Evidence, places } from './evidence.ts';
import type { Observations, People } from './evidence.ts';
import type { Changes, ObservationJournal } from './journal.ts';
import { ObservationListener } from './listener.ts';
import type { Answer } from './listener.ts';
import { latest } from './verdict.ts';
import type { Passage } from './public-end.ts';

/** How long an event may take that is waited for, in milliseconds. */
const longestStepMs = 60_000;
/** How long a subscriber who was added is asked for, and how often, in milliseconds. */
const longestReadMs = 30_000;
const readEveryMs = 250;
/** So many times the platform is told that a notification failed: after all its retries it would end the subscription. */
const platformFailures = 2;
/** More than fit into one notification [docs]. */
const batchSize = 21;

/** Nothing more comes where nothing has come for so long; and how long that is waited for. In milliseconds. */
const quietMs = 1000;
const longestQuietMs = 10_000;
/** An event may take so long however short retries are watched, in milliseconds. */
const shortestStepMs = 5000;

/** What to know where a notification may have failed on purpose and was not taken afterwards. */
export const mayRetry =
  'If Open Connectors still retries what failed on purpose, your callback gets made-up subscribers.';

/** The instance that is watched. */
export interface WatchedInstance {
  readonly api: OpenConnectorsApi;
  readonly facts: InstanceFacts;
}

/** What an observation is made of. */
export interface ExperimentOptions {
  readonly api: CampaignMonitorApi;
  /** The base of Campaign Monitor's API. */
  readonly host: string;
  readonly listId: string;
  /** Where the subscribers' addresses are. */
  readonly domain: string;
  readonly instance: WatchedInstance | null;
  readonly journal: ObservationJournal;
  /** How long retries are watched for, in milliseconds. */
  readonly watchMs: number;
  /** Ends the observation early: what was seen until then is judged. */
  readonly signal: AbortSignal;
  /** Says what is being done. */
  readonly say: (text: string) => void;
}

/** The two ends of an observation. */
export interface Ends {
  readonly listener: ObservationListener;
  /** What is before a place's path, as the vendors reach it: without a slash at the end. */
  readonly base: string;
  /** What is gained on the way; null: the vendors reach this machine itself, where a connection can be refused. */
  readonly passage: Passage | null;
  readonly plan: AnswerPlan;
}

/** Which place answers what; the platform's depends on whom a notification tells of. */
export class AnswerPlan {
  people: People | null = null;
  /** From now on nothing of the platform's fails on purpose. */
  isSettling = false;
  readonly #failed = new Map<number, number>();

  /** What to answer to a POST. */
  answer(place: string, body: Buffer): Answer {
    switch (place) {
      case places.serverError:
        return { kind: 'status', status: 500 };
      case places.notFound:
        return { kind: 'status', status: 404 };
      case places.silent:
        return { kind: 'hang' };
      case places.refused:
        return { kind: 'break' };
      case places.platform:
        return { kind: 'status', status: this.#ofPlatform(body) };
      default:
        return { kind: 'status', status: 200 };
    }
  }

  #ofPlatform(body: Buffer): number {
    if (this.people === null || this.isSettling) return 200;
    const { platformError, platformNotFound } = this.people;
    const status = body.includes(platformError) ? 500 : body.includes(platformNotFound) ? 404 : 200;
    const failed = this.#failed.get(status) ?? 0;
    if (status === 200 || failed >= platformFailures) return 200;
    this.#failed.set(status, failed + 1);
    return status;
  }
}

/** Addresses that nobody has. */
export function newPeople(domain: string): People {
  const run = randomBytes(5).toString('hex');
  const address = (name: string): string => `cm-relay-observe-${run}-${name}@${domain}`;
  return {
    steady: address('steady'),
    renamed: address('renamed'),
    returning: address('returning'),
    failing: address('failing'),
    platformError: address('error'),
    platformNotFound: address('missing'),
    batch: Array.from({ length: batchSize }, (_, i) => address(`batch-${i + 1}`)),
  };
}

/** Carries out the steps of one observation. */
export class Experiment {
  readonly #options: ExperimentOptions;
  readonly #ends: Ends;
  readonly #seen: Observations;
  #changes: Changes;
  /** Refuses connections; null where the vendor does not reach this machine directly. */
  #refusing: ObservationListener | null = null;

  constructor(options: ExperimentOptions, ends: Ends) {
    const people = newPeople(options.domain);
    this.#options = options;
    this.#ends = ends;
    ends.plan.people = people;
    this.#changes = { host: options.host, listId: options.listId, urls: [], addresses: [], instance: null };
    this.#seen = {
      ...{ listId: options.listId, people, received: ends.listener.received, testCall: null, joined: null },
      ...{ readableAfterMs: null, webhookStatus: null, failing: null },
      ...{ importedAt: null, passage: ends.passage },
      instance:
        options.instance === null
          ? null
          : { id: options.instance.facts.id, loggedIds: null, policy: null, watchesOthers: watchesOthers(options) },
    };
  }

  /** What there is to be undone, whatever has come of the experiment. */
  get changes(): Changes {
    return this.#changes;
  }

  /** What was seen so far. */
  get evidence(): Evidence {
    const refused = this.#refusing?.received ?? [];
    return new Evidence({ ...this.#seen, received: [...this.#ends.listener.received, ...refused] });
  }

  /**
   * Runs all steps, or those until the signal.
   * @throws CampaignMonitorError or OpenConnectorsError where a step cannot be taken, the signal aside
   */
  async run(): Promise<void> {
    const { say, instance } = this.#options;
    const steps: readonly (readonly [string, () => Promise<void>])[] = [
      ...(instance === null ? [] : [['Redirecting the instance.', () => this.#watchInstance(instance)] as const]),
      ['Asking for a test call.', () => this.#testCall()],
      ['Adding, changing, and removing subscribers.', () => this.#changeSubscribers()],
      ['Importing subscribers.', () => this.#importMany()],
      ...(instance === null ? [] : [['Having notifications fail.', () => this.#failPlatform()] as const]),
      ['Having deliveries fail.', () => this.#failDeliveries()],
      ['Reading what the vendors say of it.', () => this.#readWords()],
    ];
    try {
      for (const [text, step] of steps) {
        if (this.#options.signal.aborted) return;
        say(text);
        await step();
      }
    } catch (error) {
      const isCancelled =
        (error instanceof CampaignMonitorError || error instanceof OpenConnectorsError) && error.kind === 'cancelled';
      if (!isCancelled) throw error;
    }
  }

  /** Ends what listens besides the ends that were given. */
  async close(): Promise<void> {
    await this.#refusing?.close();
  }

  /**
   * What failed on purpose is not to be posted to the user's callback: from now on it is taken, what is due is waited for,
   * and what the platform has queued it is asked for.
   * @returns what remains, in words; null: nothing
   */
  async settleFailures(): Promise<string | null> {
    const { instance, signal, say } = this.#options;
    if (instance === null || this.#changes.instance === null) return null;
    this.#ends.plan.isSettling = true;
    const waiting = (): { readonly dueBy: number }[] => {
      const { platformError, platformNotFound } = this.#seen.people;
      return [platformError, platformNotFound].flatMap((address) => {
        const attempts = this.evidence.attemptsFor(places.platform, address);
        const last = attempts.at(-1);
        if (last === undefined || last.answer.kind !== 'status' || last.answer.status < 300) return [];
        return [{ dueBy: last.at + latest(retryDelays.sap[attempts.length - 1] ?? 0) }];
      });
    };
    if (waiting().length === 0) return null;
    await instance.api.queue.deliver(this.#changes.instance.own).catch((error: unknown) => {
      if (!(error instanceof OpenConnectorsError)) throw error;
    });
    const isOver = (): boolean => waiting().length === 0;
    const timeoutMs = Math.max(quietMs, ...waiting().map(({ dueBy }) => dueBy - Date.now()));
    if (timeoutMs > 10_000) say(`Waiting up to ${duration(timeoutMs)} for what failed on purpose.`);
    const { listener } = this.#ends;
    if (await listener.until(isOver, timeoutMs, signal)) return null;
    // Whoever has ended it waits no longer than for what was just asked for.
    if (signal.aborted && (await listener.until(isOver, quietMs, new AbortController().signal))) return null;
    return `${count(waiting().length, 'notification')} that failed on purpose did not come again. ${mayRetry}`;
  }

  /** Waits until nothing more comes from the platform. */
  async settled(): Promise<void> {
    const { listener } = this.#ends;
    const never = new AbortController().signal;
    const end = Date.now() + longestQuietMs;
    let known: number;
    do known = listener.received.length;
    while (Date.now() < end && (await listener.until(() => listener.received.length > known, quietMs, never)));
  }

  #record(change: Partial<Changes>): void {
    this.#changes = { ...this.#changes, ...change };
    this.#options.journal.write(this.#changes);
  }

  async #watchInstance({ api, facts }: WatchedInstance): Promise<void> {
    const { listId, signal } = this.#options;
    const { id, callbackUrl, eventsEnabled, listIds } = facts;
    const own = this.#urlOf(places.platform);
    this.#record({
      instance: { host: api.baseUrl, id, own, before: { callbackUrl, eventsEnabled, listIds: [...listIds] } },
    });
    const lists = listIds.includes(listId) ? listIds : [...listIds, listId];
    await api.patchInstance(
      id,
      {
        configuration: {
          'event.notification.enabled': true,
          'event.notification.callback.url': own,
          'events.list.ids': lists.join(','),
        },
      },
      {},
      signal,
    );
  }

  async #testCall(): Promise<void> {
    const { api, listId, signal } = this.#options;
    const webhookId = await this.#createWebhook(this.#urlOf(places.json), webhookEventTypes);
    await this.#createWebhook(this.#urlOf(places.xml), webhookEventTypes, 'xml');
    let failed = false;
    try {
      await api.testWebhook(listId, webhookId, signal);
    } catch (error) {
      if (!(error instanceof CampaignMonitorError) || error.kind !== 'webhook-test-failed') throw error;
      failed = true;
    }
    const received = this.#ends.listener.received.find(({ place }) => place === places.json) ?? null;
    this.#seen.testCall = { received, failed };
  }

  async #changeSubscribers(): Promise<void> {
    const { api, listId, signal } = this.#options;
    const { steady, renamed, returning } = this.#seen.people;
    const nameOf = (name: string): Omit<NewSubscriber, 'address'> => ({ name });
    const systemDate = await api.systemDate(signal);
    this.#record({ addresses: addressesOf(this.#seen.people) });

    this.#seen.joined = { at: Date.now(), systemDate };
    await api.addSubscriber(listId, { address: steady, ...nameOf('Observed One') }, signal);
    await this.#readBack(steady);
    await this.#events([steady], 1);
    await api.updateSubscriber(listId, steady, { address: renamed, ...nameOf('Observed Once More') }, signal);
    await this.#events([steady, renamed], 2);
    await api.unsubscribe(listId, renamed, signal);
    await this.#events([steady, renamed], 3);
    await api.addSubscriber(listId, { address: renamed, ...nameOf('Observed One'), resubscribe: true }, signal);
    await this.#events([steady, renamed], 4);

    await api.addSubscriber(listId, { address: returning, ...nameOf('Observed Two') }, signal);
    await this.#events([returning], 1);
    await api.unsubscribe(listId, returning, signal);
    await this.#events([returning], 2);
    await api.updateSubscriber(
      listId,
      returning,
      { address: returning, ...nameOf('Observed Two'), resubscribe: true },
      signal,
    );
    await this.#events([returning], 3);
  }

  /** Waits until so many events of somebody have come to the webhook that never fails, or long enough. */
  async #events(addresses: readonly string[], count: number): Promise<void> {
    await this.#until(() => this.evidence.eventsOf(addresses).length >= count);
  }

  async #until(test: () => boolean): Promise<void> {
    const { watchMs, signal } = this.#options;
    const timeoutMs = Math.min(longestStepMs, Math.max(shortestStepMs, watchMs));
    await this.#ends.listener.until(test, timeoutMs, signal);
  }

  async #readBack(address: string): Promise<void> {
    const { api, listId, watchMs, signal } = this.#options;
    const began = Date.now();
    // The first answer takes its time, too: a subscriber who is in it was there at once.
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      if (await api.hasSubscriber(listId, address, signal)) {
        this.#seen.readableAfterMs = isFirst ? 0 : Date.now() - began;
        return;
      }
      if (Date.now() - began >= Math.min(longestReadMs, watchMs)) break;
      await delay(readEveryMs, undefined, { signal }).catch(() => undefined);
    }
    this.#seen.readableAfterMs = 'never';
  }

  async #importMany(): Promise<void> {
    const { api, listId, signal } = this.#options;
    const { renamed, batch } = this.#seen.people;
    const all = [renamed, ...batch].map((address, i) => ({ address, name: `Observed ${i + 3}` }));
    this.#seen.importedAt = Date.now();
    await api.importSubscribers(listId, all, signal);
    await this.#events(batch, batch.length);
  }

  async #failPlatform(): Promise<void> {
    const { api, listId, instance, signal } = this.#options;
    if (instance !== null && this.#seen.instance !== null) {
      this.#seen.instance.policy = await instance.api.queue.policy(signal).catch((error: unknown) => {
        if (error instanceof OpenConnectorsError && error.kind !== 'cancelled') return null;
        throw error;
      });
    }
    const { platformError, platformNotFound } = this.#seen.people;
    await api.addSubscriber(listId, { address: platformError, name: 'Observed Error' }, signal);
    // Everything before it has then come, too: after a failure the platform may queue what follows.
    await this.#until(() => this.evidence.attemptsFor(places.platform, platformError).length > 0);
    await api.addSubscriber(listId, { address: platformNotFound, name: 'Observed Missing' }, signal);
  }

  /** Webhooks that fail, each in another way, are there for one event: what they get of others is not looked at. */
  async #failDeliveries(): Promise<void> {
    const { api, listId, watchMs, signal } = this.#options;
    const { passage, listener, plan } = this.#ends;
    const isHere = passage === null;
    for (const place of [places.serverError, places.notFound, places.silent]) {
      await this.#createWebhook(this.#urlOf(place), ['Subscribe']);
    }
    let refusedUrl = this.#urlOf(places.refused);
    if (isHere) {
      const secret = randomBytes(16).toString('hex');
      this.#refusing = await ObservationListener.open({
        secret,
        port: 0,
        answer: (place, body) => plan.answer(place, body),
      });
      const { port } = this.#refusing;
      refusedUrl = `http://127.0.0.1:${port}${this.#refusing.path(places.refused)}`;
      await this.#refusing.close();
    }
    await this.#createWebhook(refusedUrl, ['Subscribe']);
    const failing = { at: Date.now(), watchedMs: 0, reopenedAt: null as number | null };
    this.#seen.failing = failing;
    await api.addSubscriber(listId, { address: this.#seen.people.failing, name: 'Observed Failing' }, signal);
    // What was refused once is seen only where the port is open again.
    const closedMs = isHere ? watchMs / 4 : 0;
    const never = (): boolean => false;
    await listener.until(never, closedMs, signal);
    // Where another program has taken the port meanwhile, nothing is seen there.
    await this.#refusing?.resume().catch(() => undefined);
    if (isHere) failing.reopenedAt = Date.now();
    await listener.until(never, watchMs - closedMs, signal);
    failing.watchedMs = Date.now() - failing.at;
  }

  async #readWords(): Promise<void> {
    const { api, listId, instance, signal } = this.#options;
    const url = this.#urlOf(places.xml);
    const own = async (): Promise<{ webhookId: string; status: string } | undefined> =>
      (await api.webhooks(listId, signal)).find((each) => each.url === url);
    const active = await own();
    if (active !== undefined) {
      await api.deactivateWebhook(listId, active.webhookId, signal);
      const inactive = await own();
      if (inactive !== undefined) {
        this.#seen.webhookStatus = { active: active.status, inactive: inactive.status };
      }
    }
    if (instance === null || this.#seen.instance === null) return;
    const events = await instance.api.instanceEvents(instance.facts.id, signal).catch((error: unknown) => {
      if (error instanceof OpenConnectorsError && error.kind !== 'cancelled') return null;
      throw error;
    });
    this.#seen.instance.loggedIds = events?.map(({ id }) => id) ?? null;
  }

  #urlOf(place: string): string {
    return this.#ends.base + this.#ends.listener.path(place);
  }

  async #createWebhook(
    url: string,
    events: readonly WebhookEventType[],
    format: WebhookFormat = 'json',
  ): Promise<string> {
    this.#record({ urls: [...this.#changes.urls, url] });
    return this.#options.api.createWebhook(this.#options.listId, { url, events, format }, this.#options.signal);
  }
}

function watchesOthers({ instance, listId }: ExperimentOptions): boolean {
  return instance !== null && instance.facts.listIds.some((each) => each !== listId);
}

/** What an instance says of itself. */
export async function watchedInstance(api: OpenConnectorsApi, id: number): Promise<WatchedInstance> {
  return { api, facts: factsOf(await api.getInstance(id)) };
}
