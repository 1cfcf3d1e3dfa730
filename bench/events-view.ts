/** What the events view costs and how soon it shows what came in, in real VS Code: needs dist/ and Chromium. */
import { setTimeout as delay } from 'node:timers/promises';
import { loadavg } from 'node:os';
import { connectToRelay } from '../src/protocol/relay-client.ts';
import type { RelayClient } from '../src/protocol/relay-client.ts';
import { sampleDeliveries } from '../src/campaign-monitor/samples.ts';
import { until } from '../test/relay/until.ts';
import { category, dataDirs, eventsView, startRelay, stopRelays } from '../test/workbench/relay.ts';
import { closeEverything, openWorkbench, temporaryFolder } from '../test/workbench/workbench.ts';
import type { Workbench } from '../test/workbench/workbench.ts';
import { writeHostProbe } from './host-probe.ts';
import type { HostProbe } from './host-probe.ts';
import { boundRow } from './report.ts';
import type { Result } from './report.ts';
import { quantile, spread } from './statistics.ts';

interface Stage {
  readonly workbench: Workbench;
  readonly probe: HostProbe;
  readonly relay: RelayClient;
  readonly url: string;
}

/** A window with the view open and a relay that forwards nothing that the benchmark sends. */
export async function withView<T>(run: (stage: Stage) => Promise<T>): Promise<T> {
  const probe = writeHostProbe(temporaryFolder());
  const workbench = await openWorkbench({
    ownServer: true,
    installed: [probe.folder],
    settings: {
      'campaignMonitorRelay.tunnel.kind': 'none',
      'campaignMonitorRelay.keepAliveMinutes': 0.2,
      // The port 9 takes no connection; nothing goes there, since the benchmark sends no Deactivate.
      'campaignMonitorRelay.destinations': [{ url: 'http://127.0.0.1:9/', types: ['Deactivate'] }],
    },
  });
  try {
    await workbench.openViewContainer(category);
    await startRelay(workbench);
    const relay = await connectToRelay(dataDirs(workbench)[0]!);
    try {
      const { campaignMonitorUrl: url } = await relay.request('relay/status', {});
      return await run({ workbench, probe, relay, url });
    } finally {
      relay.close();
    }
  } finally {
    await stopRelays(workbench);
    await closeEverything();
  }
}

/** Posts one delivery of Subscribes and resolves at its 200. */
async function deliver(url: string, sample: { batch: number; email?: string; seed?: number }): Promise<void> {
  const [delivery] = sampleDeliveries({ types: ['Subscribe'], count: 1, seed: 1, ...sample });
  const { status } = await fetch(url, { method: 'POST', body: delivery!.text });
  if (status !== 200) throw new Error(`the webhook endpoint answered ${status}`);
}

const load = (): string => `The load of the machine was ${loadavg()[0]!.toFixed(1)} at the end.`;

/** Notes in the page when each address is first drawn, by the clock that the benchmark reads too. */
const watchRows = `{
  const seen = (globalThis.seenAddresses = new Map());
  new MutationObserver(() => {
    for (const row of document.querySelectorAll('.pane .monaco-list-row .label-name')) {
      const address = /\\S+@example\\.com/.exec(row.textContent ?? '')?.[0];
      if (address !== undefined && !seen.has(address)) seen.set(address, Date.now());
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}`;

async function latencies({ workbench, url }: Stage, name: string, count: number, pauseMs: number): Promise<number[]> {
  const answered = new Map<string, number>();
  for (let number = 0; number < count; number++) {
    const email = `${name}-${number}@example.com`;
    await deliver(url, { batch: 1, email });
    answered.set(email, Date.now());
    await delay(pauseMs);
  }
  return until(async () => {
    const seen = new Map(await workbench.page.evaluate<[string, number][]>('[...globalThis.seenAddresses]'));
    const found = [...answered].map(([email, at]) => (seen.get(email) ?? Infinity) - at);
    return found.every(Number.isFinite) ? found : undefined;
  }, 30_000);
}

/** (h) From the 200 until the event is drawn in the tree. */
export function untilDrawn(rounds: number): Promise<Result> {
  return withView(async (stage) => {
    await stage.workbench.page.evaluate(watchRows);
    await latencies(stage, 'warm', 5, 600);
    const alone = await latencies(stage, 'alone', rounds * 10, 600);
    const stream = await latencies(stage, 'stream', rounds * 30, 100);
    return {
      letter: 'h',
      title: 'From the 200 until the event is drawn in the tree',
      rows: [
        boundRow('an event that comes alone, p50', 'ms', spread([quantile(alone, 0.5)]), 100),
        boundRow('an event that comes alone, p95', 'ms', spread([quantile(alone, 0.95)]), 100),
        boundRow('ten a second, p50', 'ms', spread([quantile(stream, 0.5)]), 100),
        boundRow('ten a second, p95', 'ms', spread([quantile(stream, 0.95)]), 100),
      ],
      remarks: [
        `${alone.length} events 600 ms apart, ${stream.length} events 100 ms apart. VS Code gathers the changes of a tree that come within 200 ms of each other: a stream is drawn in steps of that length, whatever an extension does.`,
        load(),
      ],
    };
  });
}

const burst = 10_000;
const inDelivery = 100;

export async function postAll(url: string, events: number, perDelivery: number): Promise<void> {
  for (let sent = 0; sent < events; sent += perDelivery) {
    await deliver(url, { batch: perDelivery, seed: sent + 1 });
  }
}

/** (i) A burst of 10,000 events while the view is open: how long the extension host stands still. */
export function burstWhileOpen(rounds: number): Promise<Result> {
  return withView(async ({ workbench, probe, relay, url }) => {
    const idle: number[] = [];
    const busy: number[] = [];
    await postAll(url, 1000, inDelivery);
    for (let round = 0; round < rounds; round++) {
      await delay(2000);
      await probe.longestStandstill();
      await delay(5000);
      idle.push(await probe.longestStandstill());
      await postAll(url, burst, inDelivery);
      const [newest] = (await relay.request('events/query', { limit: 1 })).events;
      await workbench.treeRow(eventsView, newest!.address!).waitFor({ timeout: 60_000 });
      busy.push(await probe.longestStandstill());
    }
    const above = busy.map((ms, round) => Math.max(0, ms - idle[round]!));
    const rows = await workbench.treeRows(eventsView);
    const { events } = await relay.request('events/query', { limit: rows.length });
    const right = rows.slice(0, 10).every(({ label }, place) => label.endsWith(` · ${events[place]!.address!}`));
    if (!right) throw new Error('the view does not show the newest events');
    return {
      letter: 'i',
      title: `A burst of ${burst.toLocaleString('en-US')} events while the view is open`,
      rows: [
        boundRow('longest standstill of the extension host, above idle', 'ms', spread(above), 50),
        boundRow('the same, idle', 'ms', spread(idle), null),
        boundRow('the same, in the burst', 'ms', spread(busy), null),
      ],
      remarks: [
        `${rounds} rounds, deliveries of ${inDelivery}, one after the other; idle is five seconds before the burst. At the end the view shows the newest events, in order.`,
        load(),
      ],
    };
  });
}

/** Notes in the page the longest time between two frames. */
const watchFrames = `{
  globalThis.longestFrame = 0;
  let before = performance.now();
  const frame = (now) => {
    globalThis.longestFrame = Math.max(globalThis.longestFrame, now - before);
    before = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
}`;

/** (j) Paging through 100,000 events. */
export function paging(rounds: number): Promise<Result> {
  return withView(async ({ workbench, probe, url }) => {
    const { page } = workbench;
    await postAll(url, 100_000, 1000);
    const list = workbench.view(eventsView).locator('.monaco-list').first();
    /** The place of the row that loads more; 0 while the tree is drawn anew. */
    const place = async (): Promise<number> => {
      await list.press('End');
      const row = workbench.treeRow(eventsView, 'Load More');
      return Number(await row.getAttribute('data-index', { timeout: 500 }).catch(() => 0));
    };
    let loaded = await until(async () => {
      const at = await place();
      return at >= 300 ? at : undefined;
    }, 60_000);
    await page.evaluate(watchFrames);
    const times: number[] = [];
    const standstills: number[] = [];
    await probe.longestStandstill();
    // The view keeps 2,000 rows: beyond them it lets go of the newest.
    for (let number = 0; number < Math.min(15, rounds * 5); number++) {
      const started = performance.now();
      await until(async () => (await place()) === loaded);
      await workbench.treeRow(eventsView, 'Load More').click();
      loaded = await until(async () => {
        const at = await place();
        return at > loaded ? at : undefined;
      }, 30_000);
      times.push(performance.now() - started);
      standstills.push(await probe.longestStandstill());
    }
    const frame = await page.evaluate<number>('globalThis.longestFrame');
    return {
      letter: 'j',
      title: 'Paging through 100,000 events',
      rows: [
        boundRow('from the click on Load More until the page is there', 'ms', spread(times), null),
        boundRow('longest standstill of the extension host meanwhile', 'ms', spread(standstills), 100),
        boundRow('longest time between two frames of the window', 'ms', spread([frame]), null),
      ],
      remarks: [
        `${times.length} pages of 100, after the 300 that are drawn first. The frames are the browser's, without a graphics processor.`,
        load(),
      ],
    };
  });
}
