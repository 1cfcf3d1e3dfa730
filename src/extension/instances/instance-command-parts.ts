import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import type { Session } from '../session/session.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { InstanceDocuments } from './instance-documents.ts';
import type { InstanceStore } from './instance-store.ts';
import type { InstancesView } from './instances-view.ts';

export interface InstanceCommandParts {
  readonly session: Session;
  readonly secrets: SecretBox;
  readonly platform: Platform;
  readonly store: InstanceStore;
  readonly view: InstancesView;
  readonly documents: InstanceDocuments;
  readonly browser: BrowserAuthorization;
  /** An instance's callback URL was set: something may be queued for it. */
  readonly callbackSet: () => void;
}
