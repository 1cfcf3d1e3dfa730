import { STATUS_CODES } from 'node:http';
import { Agent, request } from 'undici';
import { readBeginning } from '../../common/bounded-body.ts';
import { loopbackLookup } from '../../common/loopback.ts';
import type { PayloadFormat } from './state.ts';

/** In the form of the vendor's `ResultData` for code 610. */
export interface PostFailure {
  /** `ProtocolError` for a response other than 2xx [vendor]; the other names are those of .NET [inferred]. */
  readonly FailureStatus: string;
  readonly FailureResponseMessage: string;
  /** 0 without a response. */
  readonly FailureResponseCode: number;
  readonly FailureResponse: string;
}

export interface PostResult {
  readonly status: number | null;
  readonly milliseconds: number;
  readonly failure: PostFailure | null;
}

const keptAnswerBytes = 4096;

const contentTypes: Readonly<Record<PayloadFormat, string>> = {
  Json: 'application/json; charset=utf-8',
  Xml: 'text/xml; charset=utf-8',
};

export function isWebhookUrl(text: string): boolean {
  return /^https?:\/\/[^/?#]/i.test(text) && URL.canParse(text);
}

export class WebhookPoster {
  readonly #agent = new Agent({ connect: { lookup: loopbackLookup } });
  readonly #closing = new AbortController();

  /** A redirect counts as a failure. Never rejects. @param timeoutMs for the whole exchange */
  post(url: string, body: string, format: PayloadFormat, timeoutMs: number): Promise<PostResult> {
    const headers = { 'content-type': contentTypes[format], 'user-agent': 'campaign-monitor-sandbox' };
    return this.send(url, body, headers, timeoutMs);
  }

  async send(
    url: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>>,
    timeoutMs: number,
  ): Promise<PostResult> {
    const startedAt = performance.now();
    const milliseconds = (): number => Math.round(performance.now() - startedAt);
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const answer = await request(url, {
        method: 'POST',
        headers,
        body,
        dispatcher: this.#agent,
        signal: AbortSignal.any([timeout, this.#closing.signal]),
      });
      const status = answer.statusCode;
      if (status >= 200 && status < 300) {
        await answer.body.dump({ limit: keptAnswerBytes });
        return { status, milliseconds: milliseconds(), failure: null };
      }
      const failure = {
        FailureStatus: 'ProtocolError',
        FailureResponseMessage: (STATUS_CODES[status] ?? '').replace(/[^A-Za-z]/g, ''),
        FailureResponseCode: status,
        FailureResponse: await readBeginning(answer.body, keptAnswerBytes),
      };
      return { status, milliseconds: milliseconds(), failure };
    } catch (error) {
      const failure = {
        FailureStatus: timeout.aborted ? 'Timeout' : connectionFailure(error),
        FailureResponseMessage: '',
        FailureResponseCode: 0,
        FailureResponse: '',
      };
      return { status: null, milliseconds: milliseconds(), failure };
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#agent.destroy();
  }
}

function connectionFailure(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ECONNREFUSED':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'ConnectFailure';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'NameResolutionFailure';
    default:
      return 'ReceiveFailure';
  }
}
