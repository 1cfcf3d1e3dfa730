/** Undoes what an observation has done, whether it has ended or was killed. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Webhook } from '../../campaign-monitor/answers.ts';
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import { CampaignMonitorError } from '../../campaign-monitor/api-error.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import { OpenConnectorsError } from '../../open-connectors/api-error.ts';
import { factsOf } from '../../open-connectors/instance-facts.ts';
import type { Changes, ObservationJournal } from './journal.ts';

/** What came of it. */
export interface CleanedUp {
  readonly webhooks: number;
  readonly subscribers: number;
  readonly instance: boolean;
  /** Whether the list is not there any more, and its subscribers with it. */
  readonly isListGone: boolean;
  /** What could not be undone, and stays recorded. */
  readonly failures: readonly Error[];
}

/** How the observation's own end stands while it is undone. */
export interface OwnEnd {
  /** Whether it still takes what the instance posts; otherwise the instance's events are turned off meanwhile. */
  readonly isListening: boolean;
  /** Waits until what is under way has come, or was discarded. */
  settled(): Promise<void>;
}

/** How long what is under way takes to be discarded where nobody listens, in milliseconds. */
const underWayMs = 3000;

/** An observation that has ended, or was killed. */
export const noOwnEnd: OwnEnd = { isListening: false, settled: () => delay(underWayMs) };

/**
 * Undoes what is recorded: first the webhooks, so that the removal of subscribers is posted to nobody, then the
 * subscribers, and last the instance: while it posts to the observation or has its events off, nobody else's callback is
 * told of made-up subscribers. What is not there any more is undone, and so is all of a list that is gone. What fails stays
 * in the record, for the next time.
 * @param platform the platform's API; null where it is not at hand, and then an instance stays as it is
 */
export async function cleanUp(
  changes: Changes,
  journal: ObservationJournal,
  api: CampaignMonitorApi,
  platform: OpenConnectorsApi | null,
  end: OwnEnd = noOwnEnd,
): Promise<CleanedUp> {
  const failures: Error[] = [];
  let left = changes;
  const note = (change: Partial<Changes>): void => {
    left = { ...left, ...change };
    journal.write(left);
  };
  /** @returns whether it came to its end */
  const attempt = async (work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof CampaignMonitorError || error instanceof OpenConnectorsError)) throw error;
      failures.push(error);
      return false;
    }
  };

  const changed = changes.instance;
  if (changed !== null && platform !== null && !end.isListening) {
    await attempt(() => silenceInstance(platform, changed));
  }

  let webhooks = 0;
  let subscribers = 0;
  let isListGone = false;
  await attempt(async () => {
    const there = await webhooksOf(api, changes.listId);
    if (there === null) {
      isListGone = true;
      note({ urls: [], addresses: [] });
      return;
    }
    for (const url of changes.urls) {
      let isGone = true;
      for (const webhook of there.filter((each) => each.url === url)) {
        const done = await attempt(() => api.deleteWebhook(changes.listId, webhook.webhookId));
        if (done) webhooks++;
        else isGone = false;
      }
      if (isGone) note({ urls: left.urls.filter((each) => each !== url) });
    }
  });
  for (const address of left.addresses) {
    const done = await attempt(async () => {
      if (await api.deleteSubscriber(changes.listId, address)) subscribers++;
    });
    if (done) note({ addresses: left.addresses.filter((each) => each !== address) });
  }

  let instance = false;
  if (changed !== null) {
    if (platform === null) {
      failures.push(new Error(`instance ${changed.id} still posts to the observation: the platform was not asked`));
    } else {
      await end.settled();
      instance = await attempt(() => restoreInstance(platform, changed, changes.listId));
      if (instance) note({ instance: null });
    }
  }
  return { webhooks, subscribers, instance, isListGone, failures };
}

/** The webhooks of a list; null where it is gone, as the vendor says to a key that works. */
async function webhooksOf(api: CampaignMonitorApi, listId: string): Promise<Webhook[] | null> {
  try {
    return await api.webhooks(listId);
  } catch (error) {
    if (!(error instanceof CampaignMonitorError) || error.kind !== 'wrong-list') throw error;
    await api.systemDate();
    return null;
  }
}

type ChangedInstance = NonNullable<Changes['instance']>;

/** Whoever has set another callback since wants that one. @returns null where the instance is gone */
async function instanceNow(
  platform: OpenConnectorsApi,
  { id, own }: ChangedInstance,
): Promise<{ readonly isOwn: boolean; readonly listIds: readonly string[] } | null> {
  try {
    const { callbackUrl, listIds } = factsOf(await platform.getInstance(id));
    return { isOwn: callbackUrl === own, listIds };
  } catch (error) {
    if (error instanceof OpenConnectorsError && error.status === 404) return null;
    throw error;
  }
}

async function silenceInstance(platform: OpenConnectorsApi, changed: ChangedInstance): Promise<void> {
  if ((await instanceNow(platform, changed))?.isOwn !== true) return;
  await platform.patchInstance(changed.id, { configuration: { 'event.notification.enabled': false } });
}

/** Takes back what is still the observation's. @throws OpenConnectorsError; one that is gone has nothing to be restored */
async function restoreInstance(platform: OpenConnectorsApi, changed: ChangedInstance, listId: string): Promise<void> {
  const { id, before } = changed;
  const now = await instanceNow(platform, changed);
  if (now === null) return;
  const isAdded = !before.listIds.includes(listId) && now.listIds.includes(listId);
  const configuration = {
    ...(now.isOwn && {
      'event.notification.enabled': before.eventsEnabled,
      'event.notification.callback.url': before.callbackUrl,
    }),
    ...(isAdded && { 'events.list.ids': now.listIds.filter((each) => each !== listId).join(',') }),
  };
  if (Object.keys(configuration).length > 0) await platform.patchInstance(id, { configuration });
}
