import { Router } from 'express';
import type { CampaignMonitorSandbox } from './campaign-monitor.ts';
import type { SandboxCredentials } from './credentials.ts';
import { platformApi } from './open-connectors/api.ts';
import { platformControlRouter } from './open-connectors/control.ts';
import { Deliveries } from './open-connectors/deliveries.ts';
import { Instances } from './open-connectors/instances.ts';
import { Notifier, type NotificationReport } from './open-connectors/notifier.ts';
import { PlatformState, type PlatformSettings } from './open-connectors/state.ts';
import { VendorLink } from './open-connectors/vendor-link.ts';

export interface OpenConnectorsOptions {
  readonly seed: number;
  readonly credentials: SandboxCredentials['openConnectors'];
  readonly settings: Partial<PlatformSettings>;
  readonly campaignMonitor: Pick<CampaignMonitorSandbox, 'state' | 'tokens' | 'poster'>;
  /** Such as `http://127.0.0.1:4000`; call it only once the sandbox listens. */
  readonly origin: () => string;
  readonly report: (report: NotificationReport) => void;
}

export interface OpenConnectorsSandbox {
  readonly router: Router;
  readonly controls: Router;
  close(): void;
}

export function createOpenConnectors(options: OpenConnectorsOptions): OpenConnectorsSandbox {
  const { seed, credentials, settings, campaignMonitor, origin, report } = options;
  const state = new PlatformState(seed, credentials, settings);
  const link = new VendorLink(campaignMonitor.state, campaignMonitor.tokens);
  const deliveries = new Deliveries(state.settings);
  const instances = new Instances(state, link, deliveries, origin);
  const notifier = new Notifier({ state, deliveries, poster: campaignMonitor.poster, report });
  const api = platformApi({ state, instances, deliveries, notifier, link, origin });
  const router = Router();
  router.use('/elements/api-v2', api.router);
  return {
    router,
    controls: platformControlRouter({ state, instances, notifier, link, calls: api.calls }),
    close() {
      notifier.close();
      api.close();
    },
  };
}
