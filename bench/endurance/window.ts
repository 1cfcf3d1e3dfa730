/**
 * A VS Code window that is left open: events come in all the time, and what can be opened is opened and closed. Nothing of
 * it may stay in the extension host, or in the window.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { sampleDeliveries } from '../../src/campaign-monitor/samples.ts';
import { category, eventsView } from '../../test/workbench/relay.ts';
import { openTable } from '../../test/workbench/table.ts';
import type { Workbench } from '../../test/workbench/workbench.ts';
import { withView } from '../events-view.ts';
import type { HostMemory } from '../host-probe.ts';
import { boundRow } from '../report.ts';
import type { Result, Row } from '../report.ts';
import { median, spread } from '../statistics.ts';

/** Five events a second, for ten seconds before each visit. */
const pauseMs = 200;
const eventsBetween = 50;

/** What is left may be so much more in the last third than in the second, when all has been opened some times. */
const mostGrowth = 0.1;

interface Sample extends HostMemory {
  /** Of the window's own page, in MB and in number. */
  readonly pageMb: number;
  readonly nodes: number;
}

const closeAll = (workbench: Workbench): Promise<void> => workbench.runCommand('View: Close All Editors');

/** What a person opens, one after the other. */
const visits: Readonly<Record<string, (workbench: Workbench) => Promise<unknown>>> = {
  'an event': async (workbench) => {
    await workbench.treeRow(eventsView, '@').first().click();
    await workbench.page.locator('.tab').first().waitFor();
  },
  'the table': async (workbench) => {
    await openTable(workbench);
    await workbench.runCommand('View: Hide Panel');
  },
  'the form': async (workbench) => {
    await workbench.runCommand(`${category}: New Instance…`);
    await workbench.page.locator('.tab').first().waitFor();
  },
  'another view': async (workbench) => {
    await workbench.runCommand('View: Show Explorer');
    await delay(1000);
    await workbench.openViewContainer(category);
  },
};

/**
 * Leaves a window open.
 * @param seconds for how long
 * @param log is told of each visit
 */
export function leaveOpen(seconds: number, log: (line: string) => void): Promise<Result> {
  return withView(async ({ workbench, probe, url }) => {
    const cdp = await workbench.page.context().newCDPSession(workbench.page);
    await cdp.send('Performance.enable');
    const sample = async (): Promise<Sample> => {
      await cdp.send('HeapProfiler.collectGarbage');
      const { metrics } = await cdp.send('Performance.getMetrics');
      const of = (name: string): number => metrics.find((each) => each.name === name)?.value ?? 0;
      return { ...(await probe.memory()), pageMb: of('JSHeapUsedSize') / 2 ** 20, nodes: of('Nodes') };
    };
    const samples: Sample[] = [];
    const visited: Record<string, number> = {};
    let events = 0;
    const begun = performance.now();
    const all = Object.entries(visits);
    while (performance.now() - begun < seconds * 1000) {
      for (let count = 0; count < eventsBetween; count++) {
        const [delivery] = sampleDeliveries({
          types: ['Subscribe', 'Update', 'Deactivate'],
          count: 1,
          batch: 1,
          seed: ++events,
        });
        const { status } = await fetch(url, { method: 'POST', body: delivery!.text });
        if (status !== 200) throw new Error(`the webhook endpoint answered ${status}`);
        await delay(pauseMs);
      }
      const [name, visit] = all[samples.length % all.length]!;
      await visit(workbench);
      await closeAll(workbench);
      visited[name] = (visited[name] ?? 0) + 1;
      samples.push(await sample());
      const { heapMb, resources, pageMb, nodes } = samples.at(-1)!;
      log(
        `${name}: heap ${heapMb.toFixed(1)} MB, ${resources} resources; page ${pageMb.toFixed(1)} MB, ${nodes} nodes`,
      );
    }
    if (samples.length < 3) throw new Error('fewer than three visits: leave the window open for longer');
    const third = Math.floor(samples.length / 3);
    const line = (what: string, unit: string, of: (sample: Sample) => number): Row => {
      const [before, after] = [samples.slice(third, 2 * third).map(of), samples.slice(-third).map(of)];
      const most = Math.ceil(median(before) * (1 + mostGrowth));
      return boundRow(what, unit, spread(after), most, spread(before));
    };
    return {
      letter: 'o',
      title: `A window left open for ${Math.round(seconds / 60)} minutes`,
      rows: [
        line('heap of the extension host', 'MB', ({ heapMb }) => heapMb),
        line('what its loop holds: sockets, timers, files', 'resources', ({ resources }) => resources),
        line('heap of the window’s page', 'MB', ({ pageMb }) => pageMb),
        line('elements of the window’s page', 'nodes', ({ nodes }) => nodes),
      ],
      remarks: [
        `${events.toLocaleString('en-US')} deliveries, five a second while nothing is opened. Opened and closed: ${Object.entries(
          visited,
        )
          .map(([name, times]) => `${name} ${times} times`)
          .join(', ')}. After each, garbage is collected and the memory is read: ${samples.length} samples.`,
        `The last third stands beside the second as the baseline; the aim is at most ${mostGrowth * 100}% more. The first third is left out, since VS Code loads parts of itself then.`,
      ],
    };
  });
}
