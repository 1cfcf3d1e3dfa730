/** A callback for users who don't have one yet; its URL selects the response. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Destination, SampleAnswer, Settings } from '../protocol/settings.ts';

/** Less than a destination's timeout. */
const slowMs = 5000;

const mostConnections = 256;

const texts: Readonly<Record<SampleAnswer, string>> = {
  ok: 'Accepted by the sample receiver.\n',
  error: 'The sample receiver is set to fail.\n',
  slow: 'Accepted by the sample receiver after a delay.\n',
};

export class SampleReceiver {
  readonly #server: Server = createServer((request, response) => {
    // Requests may come from any program: not every text is a URL.
    const [, query = ''] = (request.url ?? '').split('?');
    const answer = answerNamed(new URLSearchParams(query).get('answer'));
    request.resume();
    request.on('end', () => {
      const send = (): void => {
        response.writeHead(answer === 'error' ? 500 : 200, { 'Content-Type': 'text/plain; charset=utf-8' });
        response.end(texts[answer]);
      };
      if (answer === 'slow') setTimeout(send, slowMs).unref();
      else send();
    });
  });
  #base: Promise<string> | undefined;

  constructor() {
    this.#server.maxConnections = mostConnections;
  }

  /** @throws the system's error if it can't listen */
  async placed(settings: Settings): Promise<Settings> {
    if (!settings.destinations.some(({ sample }) => sample !== undefined)) return settings;
    this.#base ??= this.#listen().catch((error: unknown) => {
      // Listening may succeed the next time.
      this.#base = undefined;
      throw error;
    });
    const base = await this.#base;
    const destinations = settings.destinations.map((each): Destination => {
      if (each.sample === undefined) return each;
      return { ...each, url: each.sample === 'ok' ? base : `${base}?answer=${each.sample}` };
    });
    return { ...settings, destinations };
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #listen(): Promise<string> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', () => {
        server.off('error', reject);
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}/sample-receiver`);
      });
    });
  }
}

function answerNamed(name: string | null): SampleAnswer {
  return name === 'error' || name === 'slow' ? name : 'ok';
}
