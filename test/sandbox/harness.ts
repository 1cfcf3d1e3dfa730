/** A sandbox for one test file, calls to it, and the reports that it makes. */
import { readFileSync } from 'node:fs';
import { sandboxApiKey } from '../../src/sandbox/campaign-monitor/accounts.ts';
import { startSandbox, type Sandbox, type SandboxOptions, type SandboxReport } from '../../src/sandbox/sandbox.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined for an empty one. */
  readonly body: unknown;
}

export const keyHeader = headerOf(sandboxApiKey);

function headerOf(apiKey: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${apiKey}:x`).toString('base64')}` };
}

export async function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
}

export interface Harness {
  readonly sandbox: Sandbox;
  readonly reports: readonly SandboxReport[];
  /** A call of the API with the API key. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Makes a webhook. @returns its id */
  webhook(listId: string, url: string, events?: readonly string[], format?: string): Promise<string>;
  /** Resolves with the first report, past or coming, that the predicate accepts. */
  report(predicate: (report: SandboxReport) => boolean): Promise<SandboxReport>;
  close(): Promise<void>;
}

export async function startHarness(options: SandboxOptions = {}): Promise<Harness> {
  const reports: SandboxReport[] = [];
  const waiting = new Set<(report: SandboxReport) => void>();
  const sandbox = await startSandbox({
    ...options,
    log(report) {
      reports.push(report);
      for (const listener of waiting) listener(report);
    },
  });
  const ownHeader = headerOf(sandbox.credentials.campaignMonitor.apiKey);
  const api: Harness['api'] = (method, path, body, headers = ownHeader) =>
    call(method, sandbox.campaignMonitorApi + path, body, headers);
  return {
    sandbox,
    reports,
    api,
    control: (method, path, body) => call(method, sandbox.control + path, body),
    async webhook(listId, url, events = ['Subscribe', 'Update', 'Deactivate'], format = 'json') {
      const answer = await api('POST', `/lists/${listId}/webhooks.json`, {
        Events: events,
        Url: url,
        PayloadFormat: format,
      });
      if (answer.status !== 201) throw new Error(`no webhook: ${answer.text}`);
      return answer.body as string;
    },
    report(predicate) {
      const past = reports.find(predicate);
      if (past !== undefined) return Promise.resolve(past);
      return new Promise((resolve) => {
        const listener = (report: SandboxReport): void => {
          if (!predicate(report)) return;
          waiting.delete(listener);
          resolve(report);
        };
        waiting.add(listener);
      });
    },
    close: () => sandbox.close(),
  };
}

/** What a process holds in memory, in bytes; 0 where the system does not say so. */
export function residentBytes(pid: number): number {
  try {
    const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  } catch {
    return 0;
  }
}
