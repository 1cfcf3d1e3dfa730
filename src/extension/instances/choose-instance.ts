import { say } from '../../common/say.ts';
import type { OpenConnectorsApi } from '../../open-connectors/api.ts';
import { CommandError } from '../ui/command-error.ts';
import { printable } from '../ui/printable.ts';
import { alone, askChoice, only } from '../ui/questions.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { InstanceNode, InstancesNode } from './instance-node.ts';
import { descriptionOf } from './instance-words.ts';
import type { InstancesView } from './instances-view.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import type { Session } from '../session/session.ts';
import type { InstanceDocuments } from './instance-documents.ts';
import type { InstanceStore } from './instance-store.ts';

export interface InstanceCommandParts {
  readonly session: Session;
  readonly secrets: SecretBox;
  readonly platform: Platform;
  readonly store: InstanceStore;
  readonly view: InstancesView;
  readonly documents: InstanceDocuments;
  readonly browser: BrowserAuthorization;
  /** Called when a callback URL was set: notifications may be queued for it. */
  readonly callbackSet: () => void;
}

type ChoosingParts = Pick<InstanceCommandParts, 'platform' | 'view'>;

/** @throws CommandError if the current host's secrets are not set */
export async function connectedPlatform(platform: Platform): Promise<OpenConnectorsApi> {
  const api = await platform.api({ startSandbox: true });
  if (api !== undefined) return api;
  throw new CommandError(
    say('The secrets for {0} aren’t set', platform.host),
    say('Set the secrets, or choose another host in the settings.'),
    { title: say('Set Secrets…'), command: 'manageSecrets', args: ['openConnectors'] },
  );
}

/**
 * Call it again after waiting for the user: at another host, the ID is another instance's.
 * @throws CommandError if the host setting has changed, or the host's secrets are not set
 */
export function platformOf(
  { platform }: Pick<ChoosingParts, 'platform'>,
  { host, facts }: InstanceNode,
): Promise<OpenConnectorsApi> {
  if (platform.host === host) return connectedPlatform(platform);
  return Promise.reject(
    new CommandError(
      say('The instance {0} belongs to {1}, but the settings now name {2}', printable(facts.name), host, platform.host),
      say('Nothing was changed. Choose an instance of the new host, or change the host back.'),
      { title: say('Refresh Instances'), command: 'refreshInstances' },
    ),
  );
}

async function readForChoice({ view, platform }: ChoosingParts): Promise<boolean> {
  await connectedPlatform(platform);
  const reading = await view.refresh();
  if (reading === 'failed') {
    throw new CommandError(say('Couldn’t read instances'), view.failure);
  }
  return reading === 'read';
}

export async function chooseInstance(
  parts: ChoosingParts,
  clicked: InstancesNode | undefined,
  action: string,
): Promise<InstanceNode | undefined> {
  const { view } = parts;
  const of = clicked?.kind === 'fact' ? clicked.of : clicked?.kind === 'instance' ? clicked : undefined;
  // If the instance is gone, keep it: the API's error is clearer than offering another.
  if (of !== undefined) return view.now(of) ?? of;
  if (!(await readForChoice(parts))) return undefined;
  const { selected } = view;
  const items = view.nodes.map((node) => ({
    label: printable(node.facts.name),
    description: String(node.facts.id),
    detail: descriptionOf(node.facts),
    node,
  }));
  const choice = await only(
    askChoice(alone(action), {
      placeholder:
        items.length === 0 ? say('No instances of the Campaign Monitor connector yet') : say('Which instance?'),
      items: items.toSorted(
        (a, b) => Number(b.node.facts.id === selected?.facts.id) - Number(a.node.facts.id === selected?.facts.id),
      ),
    }),
  );
  return choice?.node;
}
