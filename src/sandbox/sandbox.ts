/** Nothing in the sandbox reaches a real account. */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Router, type ErrorRequestHandler, type RequestHandler } from 'express';
import { createCampaignMonitor } from './campaign-monitor.ts';
import type { OutboxReport } from './campaign-monitor/outbox.ts';
import { fixedCredentials, randomCredentials, type SandboxCredentials } from './credentials.ts';
import { createOpenConnectors } from './open-connectors.ts';
import { platformControls } from './open-connectors/control.ts';
import type { NotificationReport } from './open-connectors/notifier.ts';
import { randomHex } from './random-texts.ts';
import { loopbackHosts } from '../common/loopback.ts';

/** Contains no query, body or header, and only the origin of a webhook's URL. */
export type SandboxReport =
  | {
      readonly type: 'request';
      readonly method: string;
      readonly path: string;
      readonly status: number;
    }
  | { readonly type: 'error'; readonly message: string }
  | NotificationReport
  | OutboxReport;

export interface SandboxOptions {
  readonly port?: number;
  /** Decides samples and the IDs of instances. Default 1, or random with random credentials. */
  readonly seed?: number;
  /** Default 1, 5 and 30 s; the vendor's schedule is unknown. */
  readonly retryDelaysMs?: readonly number[];
  /** Default a week [2nd]. */
  readonly deactivateAfterMs?: number;
  /** Default 8, 64, 512, 4096 and 32768 s [docs]. */
  readonly notificationRetryDelaysMs?: readonly number[];
  readonly randomCredentials?: boolean;
  readonly credentials?: SandboxCredentials;
  /** Called by `POST /sandbox/stop`, which exists only with this. */
  readonly stopRequested?: () => void;
  readonly log?: (report: SandboxReport) => void;
}

export interface Sandbox {
  readonly port: number;
  /** Such as `http://127.0.0.1:4000/api/v3.3`; older versions are beside it. */
  readonly campaignMonitorApi: string;
  readonly campaignMonitorOAuth: string;
  readonly openConnectorsApi: string;
  readonly control: string;
  readonly credentials: SandboxCredentials;
  readonly lists: readonly { readonly listId: string; readonly clientId: string; readonly name: string }[];
  close(): Promise<void>;
}

export class SandboxStartError extends Error {
  override readonly name = 'SandboxStartError';
  readonly next: string;
  constructor(port: number, cause: Error) {
    super(`the sandbox cannot listen on 127.0.0.1:${port}: ${cause.message}`, { cause });
    this.next = 'Choose another port, or 0 for any free port.';
  }
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, retryDelaysMs, deactivateAfterMs, notificationRetryDelaysMs, stopRequested } = options;
  const { randomCredentials: isRandom = false, log = () => undefined } = options;
  // Different each time: a window may remember the instances of the previous sandbox by their numbers.
  const { seed = isRandom ? randomInt(1, 1_000_000) : 1 } = options;
  const { credentials = isRandom ? randomCredentials() : fixedCredentials } = options;
  const controlPath = isRandom ? `/sandbox/${randomHex()}` : '/sandbox';
  let base = '';
  const campaignMonitor = createCampaignMonitor({
    seed,
    credentials,
    otherControls: {
      ...platformControls,
      ...(stopRequested !== undefined && { 'POST /sandbox/stop': 'stops the sandbox' }),
    },
    settings: {
      ...(retryDelaysMs === undefined ? {} : { retryDelaysMs }),
      ...(deactivateAfterMs === undefined ? {} : { deactivateAfterMs }),
    },
    report: log,
  });
  const openConnectors = createOpenConnectors({
    seed,
    credentials: credentials.openConnectors,
    settings: notificationRetryDelaysMs === undefined ? {} : { retryDelaysMs: notificationRetryDelaysMs },
    campaignMonitor,
    origin: () => base,
    report: log,
  });

  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((request, response, next) => {
    const { method, path } = request;
    response.once('finish', () => log({ type: 'request', method, path, status: response.statusCode }));
    next();
  });
  app.use(loopbackOnly);
  const controls = Router();
  if (stopRequested !== undefined) {
    controls.post('/stop', (_request, response) => {
      response.status(202).end(stopRequested);
    });
  }
  controls.use('/open-connectors', openConnectors.controls);
  controls.use(campaignMonitor.controls);
  app.use(controlPath, controls);
  app.use(openConnectors.router);
  app.use(campaignMonitor.router);
  app.use((_request, response) => {
    response
      .status(404)
      .json({ error: 'the sandbox has nothing at this address', next: 'To see the controls, GET /sandbox.' });
  });
  const answerError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
    log({ type: 'error', message: error instanceof Error ? error.message : String(error) });
    if (response.headersSent) {
      next(error);
      return;
    }
    response
      .status(500)
      .json({ error: 'the sandbox failed', next: "Report the error, and include the sandbox's log." });
  };
  app.use(answerError);

  const server = createServer(app);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
  } catch (error) {
    await campaignMonitor.close();
    throw new SandboxStartError(port, error as Error);
  }
  const { port: actualPort } = server.address() as AddressInfo;
  base = `http://127.0.0.1:${actualPort}`;
  return {
    port: actualPort,
    campaignMonitorApi: `${base}/api/v3.3`,
    campaignMonitorOAuth: `${base}/oauth`,
    openConnectorsApi: `${base}/elements/api-v2`,
    control: base + controlPath,
    credentials,
    lists: [...campaignMonitor.state.lists.values()].map(({ listId, clientId, title }) => ({
      listId,
      clientId,
      name: title,
    })),
    async close() {
      openConnectors.close();
      await campaignMonitor.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

/**
 * Refuses requests from elsewhere with 403: a foreign `Host` (another domain that resolves to this machine) or `Origin`
 * (a web page in the browser). Without `Origin`, a request isn't a cross-site one of a browser.
 */
const loopbackOnly: RequestHandler = (request, response, next) => {
  const port = request.socket.localPort;
  const hosts = port === undefined ? [] : loopbackHosts(port);
  const host = request.headers.host?.toLowerCase() ?? '';
  const origin = request.headers.origin?.toLowerCase();
  const refused = !hosts.includes(host)
    ? 'Host'
    : origin !== undefined && !hosts.some((own) => origin === `http://${own}`)
      ? 'Origin'
      : null;
  if (refused === null) {
    next();
    return;
  }
  response.status(403).json({
    error: `the sandbox answers only this machine; the request's ${refused} header names another address`,
    next: `Call http://127.0.0.1:${port ?? ''} from a program, not from a web page.`,
  });
};
