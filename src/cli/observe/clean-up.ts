/** Undoes what an observation has done, whether it has ended or was killed. */
import type { CampaignMonitorApi } from '../../campaign-monitor/api.ts';
import { CampaignMonitorError } from '../../campaign-monitor/api-error.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import { OpenConnectorsError } from '../../open-connectors/api-error.ts';
import type { Changes, ObservationJournal } from './journal.ts';

/** What came of it. */
export interface CleanedUp {
  readonly webhooks: number;
  readonly subscribers: number;
  readonly instance: boolean;
  /** What could not be undone, and stays recorded. */
  readonly failures: readonly Error[];
}

/**
 * Undoes what is recorded: first the instance, so that its own events go where they went before, then the webhooks, so
 * that the removal of subscribers is posted to nobody, then the subscribers. What is not there any more is undone. What
 * fails stays in the record, for the next time.
 * @param platform the platform's API; null where it is not at hand, and then an instance stays as it is
 */
export async function cleanUp(
  changes: Changes,
  journal: ObservationJournal,
  api: CampaignMonitorApi,
  platform: OpenConnectorsApi | null,
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

  let instance = false;
  if (changes.instance !== null) {
    const restored = changes.instance;
    if (platform === null) {
      failures.push(new Error(`instance ${restored.id} still posts to the observation: the platform was not asked`));
    } else if (await attempt(() => restoreInstance(platform, restored))) {
      instance = true;
      note({ instance: null });
    }
  }

  let webhooks = 0;
  await attempt(async () => {
    const there = await api.webhooks(changes.listId);
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

  let subscribers = 0;
  for (const address of changes.addresses) {
    const done = await attempt(async () => {
      if (await api.deleteSubscriber(changes.listId, address)) subscribers++;
    });
    if (done) note({ addresses: left.addresses.filter((each) => each !== address) });
  }
  return { webhooks, subscribers, instance, failures };
}

/** @throws OpenConnectorsError; an instance that is gone has nothing to be restored */
async function restoreInstance(
  platform: OpenConnectorsApi,
  { id, before }: NonNullable<Changes['instance']>,
): Promise<void> {
  try {
    await platform.patchInstance(id, {
      configuration: {
        'event.notification.enabled': before.eventsEnabled,
        'event.notification.callback.url': before.callbackUrl,
        'events.list.ids': before.listIds.join(','),
      },
    });
  } catch (error) {
    if (error instanceof OpenConnectorsError && error.status === 404) return;
    throw error;
  }
}
