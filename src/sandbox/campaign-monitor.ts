import { Router } from 'express';
import { apiRouter } from './campaign-monitor/api.ts';
import { apiVersions } from './campaign-monitor/api-call.ts';
import { controlRouter } from './campaign-monitor/control.ts';
import { oauthRouter } from './campaign-monitor/oauth.ts';
import { Outbox, type OutboxReport } from './campaign-monitor/outbox.ts';
import { SampleTraffic } from './campaign-monitor/sample-traffic.ts';
import { SandboxState, type SandboxSettings } from './campaign-monitor/state.ts';
import { Tokens } from './campaign-monitor/tokens.ts';
import type { SandboxCredentials } from './credentials.ts';
import { WebhookPoster } from './campaign-monitor/webhook-post.ts';

export interface CampaignMonitorOptions {
  readonly seed: number;
  readonly credentials: SandboxCredentials;
  readonly otherControls: Readonly<Record<string, string>>;
  readonly settings: Partial<SandboxSettings>;
  readonly report: (report: OutboxReport) => void;
}

export interface CampaignMonitorSandbox {
  readonly router: Router;
  readonly controls: Router;
  readonly state: SandboxState;
  readonly tokens: Tokens;
  readonly poster: WebhookPoster;
  close(): Promise<void>;
}

export function createCampaignMonitor(options: CampaignMonitorOptions): CampaignMonitorSandbox {
  const { seed, credentials, settings, otherControls, report } = options;
  const state = new SandboxState(seed, settings, credentials);
  const tokens = new Tokens();
  const poster = new WebhookPoster();
  const outbox = new Outbox(state, poster, report);
  const traffic = new SampleTraffic(state, outbox);
  const router = Router();
  router.use(
    apiVersions.map((version) => `/api/${version}`),
    apiRouter({ state, tokens, outbox, poster }),
  );
  router.use(oauthRouter(state, tokens));
  return {
    router,
    controls: controlRouter({ state, tokens, outbox, traffic, otherControls }),
    state,
    tokens,
    poster,
    async close() {
      traffic.stop();
      outbox.close();
      await poster.close();
    },
  };
}
