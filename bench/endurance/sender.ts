/** What Campaign Monitor does for so long: posts at a rate, single events, batches and XML, and notes what it was told. */
import { Agent, request } from 'undici';
import { sampleDeliveries, toXml } from '../../src/campaign-monitor/samples.ts';
import type { DeliveryBody } from '../../src/campaign-monitor/samples.ts';

/** Of a hundred deliveries so many are batches, and so many XML. */
const batchesOf100 = 10;
const xmlOf100 = 5;
const eventsInBatch = 40;

/** So many requests are under way at once; what is due beyond waits. */
const mostUnderWay = 64;
/** One that is not answered by then was not acknowledged, in milliseconds. */
const mostMs = 30_000;

/** Where a delivery is posted: past the tunnel, or through it. */
export interface Route {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export class Sender {
  /** Of the event with that number: 1 where it was answered with 200. */
  readonly acknowledged: number[] = [];
  deliveries = 0;
  /** Deliveries that were not answered with 200: nobody was there, or no tunnel. */
  refused = 0;
  readonly #random: () => number;
  readonly #route: (random: () => number) => Route;
  readonly #agent = new Agent({ connections: mostUnderWay, headersTimeout: mostMs, bodyTimeout: mostMs });
  readonly #templates: readonly DeliveryBody[];
  #underWay = 0;
  #next = 0;

  /** @param route where the next one goes */
  constructor(random: () => number, route: (random: () => number) => Route) {
    this.#random = random;
    this.#route = route;
    const types = ['Subscribe', 'Update', 'Deactivate'] as const;
    this.#templates = sampleDeliveries({ types, count: 30, batch: 1 }).map(({ body }) => body);
  }

  /** How many events were made. */
  get events(): number {
    return this.#next;
  }

  /** Posts so many a second until then. Resolves when all are answered, or were not. */
  async send(perSecond: number, seconds: number): Promise<void> {
    const started = performance.now();
    const total = perSecond * seconds;
    let sent = 0;
    await new Promise<void>((resolve) => {
      const tick = setInterval(() => {
        const due = Math.min(total, ((performance.now() - started) / 1000) * perSecond);
        for (; sent < due && this.#underWay < mostUnderWay; sent++) void this.#post();
        // What could not be sent in time is not made up for.
        if (performance.now() - started < seconds * 1000) return;
        clearInterval(tick);
        resolve();
      }, 5);
    });
    while (this.#underWay > 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await this.#agent.close();
  }

  async #post(): Promise<void> {
    this.#underWay += 1;
    const first = this.#next;
    const kind = this.#random() * 100;
    const count = kind < batchesOf100 ? eventsInBatch : 1;
    this.#next += count;
    const body = this.#body(first, count);
    const isXml = kind >= 100 - xmlOf100;
    try {
      const { url, headers } = this.#route(this.#random);
      const answer = await request(url, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: { ...headers, 'content-type': isXml ? 'text/xml' : 'application/json' },
        body: isXml ? toXml(body) : JSON.stringify(body),
      });
      this.deliveries += 1;
      if (answer.statusCode === 200)
        for (let number = first; number < first + count; number++) this.acknowledged[number] = 1;
      else this.refused += 1;
      await answer.body.dump();
    } catch {
      this.refused += 1;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** A delivery of which each event has a number of its own in its address. */
  #body(first: number, count: number): DeliveryBody {
    const templates = this.#templates;
    const Events = Array.from({ length: count }, (_, index) => {
      const event = templates[(first + index) % templates.length]!.Events[0]!;
      return { ...event, EmailAddress: `endures-${first + index}@example.org` };
    });
    return { ...templates[0]!, Events };
  }
}
