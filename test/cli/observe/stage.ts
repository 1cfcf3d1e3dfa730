/** An observation of a sandbox, in this process: real sockets at both ends, and its own data directory. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CampaignMonitorApi } from '../../../src/campaign-monitor/api.ts';
import { judgeAll } from '../../../src/cli/observe/assumptions.ts';
import type { Judged } from '../../../src/cli/observe/assumptions.ts';
import { cleanUp } from '../../../src/cli/observe/clean-up.ts';
import type { Correction } from '../../../src/cli/observe/verdict.ts';
import type { Evidence } from '../../../src/cli/observe/evidence.ts';
import { AnswerPlan, Experiment, watchedInstance } from '../../../src/cli/observe/experiment.ts';
import { ObservationJournal } from '../../../src/cli/observe/journal.ts';
import { ObservationListener } from '../../../src/cli/observe/listener.ts';
import { OpenConnectorsApi } from '../../../src/open-connectors/api.ts';
import type { Harness } from '../../sandbox/harness.ts';
import { startHarness } from '../../sandbox/harness.ts';
import { platformOf } from '../../sandbox/open-connectors/platform.ts';
import type { Platform } from '../../sandbox/open-connectors/platform.ts';

/** A sandbox with an empty list of its own, and an instance that watches it. */
export interface Stage {
  readonly harness: Harness;
  readonly platform: Platform;
  readonly listId: string;
  readonly instanceId: number;
  readonly dataDir: string;
  /** Sets the sandbox as corrections say. */
  apply(corrections: readonly Correction[]): Promise<void>;
  /** Observes, undoes it, and judges. @param watchMs for how long retries are watched, in milliseconds */
  observe(watchMs: number): Promise<{ readonly judged: readonly Judged[]; readonly evidence: Evidence }>;
  close(): Promise<void>;
}

/** @param settings of the sandbox's Campaign Monitor; `platformSettings` of its Open Connectors */
export async function setStage(settings: object = {}, platformSettings: object = {}): Promise<Stage> {
  const harness = await startHarness();
  const platform = platformOf(harness);
  const accept = async (answer: Promise<{ status: number; text: string }>): Promise<void> => {
    const { status, text } = await answer;
    if (status >= 300) throw new Error(`${status} ${text}`);
  };
  await accept(
    harness.control('PATCH', '/settings', { retryDelaysMs: [40, 120], deliveryTimeoutMs: 300, ...settings }),
  );
  await accept(platform.control('PATCH', '/settings', { retryDelaysMs: [30, 90], ...platformSettings }));
  const { clientId } = harness.sandbox.lists[0]!;
  const made = await harness.api('POST', `/lists/${clientId}.json`, { Title: 'For observations' });
  const listId = made.body as string;
  const { id: instanceId } = await platform.create({ 'events.list.ids': listId });
  const dataDir = mkdtempSync(join(tmpdir(), 'cm-relay-observe-'));
  const { credentials, campaignMonitorApi, openConnectorsApi } = harness.sandbox;
  const api = new CampaignMonitorApi({
    baseUrl: campaignMonitorApi,
    credential: { kind: 'api-key', apiKey: credentials.campaignMonitor.apiKey },
  });
  const platformApi = new OpenConnectorsApi({ baseUrl: openConnectorsApi, ...credentials.openConnectors });
  return {
    ...{ harness, platform, listId, instanceId, dataDir },
    async apply(corrections) {
      for (const each of corrections) {
        if (each.of === 'sandbox') await accept(harness.control('PATCH', each.path, each.change));
      }
    },
    async observe(watchMs) {
      const plan = new AnswerPlan();
      const listener = await ObservationListener.open({
        secret: randomBytes(16).toString('hex'),
        port: 0,
        answer: (place, body) => plan.answer(place, body),
      });
      const journal = new ObservationJournal(dataDir);
      const instance = await watchedInstance(platformApi, instanceId);
      const experiment = new Experiment(
        {
          ...{ api, host: campaignMonitorApi, listId, domain: 'test.example.org', instance, journal, watchMs },
          ...{ signal: new AbortController().signal, say: () => undefined },
        },
        { listener, base: `http://127.0.0.1:${listener.port}`, passage: null, plan },
      );
      try {
        await experiment.run();
        const { evidence } = experiment;
        await experiment.settleFailures();
        const end = { isListening: true, settled: () => experiment.settled() };
        const { failures } = await cleanUp(experiment.changes, journal, api, platformApi, end);
        if (failures[0] !== undefined) throw failures[0];
        return { evidence, judged: judgeAll(evidence) };
      } finally {
        await experiment.close();
        await listener.close();
      }
    },
    async close() {
      await harness.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
