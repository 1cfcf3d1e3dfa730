/** How soon one is told that the relay has died, in real VS Code: needs dist/ and Chromium. */
import { loadavg } from 'node:os';
import { sampleDeliveries } from '../src/campaign-monitor/samples.ts';
import { until } from '../test/relay/until.ts';
import { dataDirs, startRelay, statusItem, statusOf, stopRelays } from '../test/workbench/relay.ts';
import { closeEverything, openWorkbench } from '../test/workbench/workbench.ts';
import type { Workbench } from '../test/workbench/workbench.ts';
import { boundRow } from './report.ts';
import type { Result } from './report.ts';
import { spread } from './statistics.ts';

/** Notes in the page when the status-bar item first says that the relay has ended, by the clock that is read here too. */
const watchItem = `{
  globalThis.saidDead = null;
  const look = () => {
    const item = document.querySelector('.statusbar-item[id$=".${statusItem}"] [aria-label*="stopped unexpectedly"]');
    if (item !== null) globalThis.saidDead ??= Date.now();
  };
  globalThis.deathWatch?.disconnect();
  globalThis.deathWatch = new MutationObserver(look);
  globalThis.deathWatch.observe(document.body, { subtree: true, childList: true, attributes: true });
}`;

/** One life and death: the time from the kill until the item says so, in milliseconds. */
async function death(workbench: Workbench): Promise<number> {
  await startRelay(workbench);
  const { pid, campaignMonitorUrl, counts } = await statusOf(dataDirs(workbench)[0]!);
  await workbench.page.evaluate(watchItem);
  const [delivery] = sampleDeliveries({ types: ['Subscribe'], count: 1, seed: 1, batch: 1 });
  const { status } = await fetch(campaignMonitorUrl, { method: 'POST', body: delivery!.text });
  if (status !== 200) throw new Error(`the webhook endpoint answered ${status}`);
  const killed = Date.now();
  process.kill(pid, 'SIGKILL');
  const took = await until(async () => {
    const said = await workbench.page.evaluate<number | null>('globalThis.saidDead');
    return said === null ? undefined : said - killed;
  });
  await startRelay(workbench);
  const after = await statusOf(dataDirs(workbench)[0]!);
  if (after.counts.deliveries !== counts.deliveries + 1) throw new Error('a delivery that was acknowledged is lost');
  return took;
}

/** (k) From `kill -9` of the relay's process until the status bar says that it has ended. */
export async function relayDeath(rounds: number): Promise<Result> {
  const workbench = await openWorkbench({
    ownServer: true,
    settings: { 'campaignMonitorRelay.tunnel.kind': 'none', 'campaignMonitorRelay.keepAliveMinutes': 0.2 },
  });
  try {
    await death(workbench);
    const times: number[] = [];
    for (let round = 0; round < 2 * rounds; round++) times.push(await death(workbench));
    return {
      letter: 'k',
      title: 'A relay that dies is noticed',
      rows: [boundRow('from `kill -9` until the status bar says so', 'ms', spread(times), 1000)],
      remarks: [
        `${times.length} deaths, each right after a delivery was answered 200; after each the relay was started again and had that delivery.`,
        `The load of the machine was ${loadavg()[0]!.toFixed(1)} at the end.`,
      ],
    };
  } finally {
    await stopRelays(workbench);
    await closeEverything();
  }
}
