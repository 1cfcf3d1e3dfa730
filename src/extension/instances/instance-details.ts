import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { ListNames } from '../accounts/list-names.ts';
import type { DeliveryKey } from '../../open-connectors/delivery-queue.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { Session } from '../session/session.ts';
import type { ListNaming } from '../ui/phrases.ts';
import { plainMarkdown } from '../ui/printable.ts';
import { factRows } from './instance-facts.ts';
import type { FactNode, InstanceNode } from './instance-node.ts';
import { descriptionOf } from './instance-words.ts';
import { QueueStates } from './queue-states.ts';

export interface InstanceDetailsParts {
  readonly session: Pick<Session, 'client' | 'status'>;
  readonly platform: Platform;
  readonly log: vscode.LogOutputChannel;
  readonly names: ListNames;
}

export class InstanceDetails {
  readonly #names: ListNaming;
  readonly queues: QueueStates;

  constructor({ session, platform, log, names }: InstanceDetailsParts, changed: () => void) {
    this.#names = { nameOfList: names.nameOf };
    const relayUrls = (): readonly string[] => {
      const { earlierOpenConnectorsUrls = [], openConnectorsUrl } = session.status ?? {};
      // The sandbox can also use the local URL.
      return platform.isSandbox && openConnectorsUrl !== undefined
        ? [...earlierOpenConnectorsUrls, openConnectorsUrl]
        : earlierOpenConnectorsUrls;
    };
    const areFetched = async (deliveries: DeliveryKey[]): Promise<boolean | undefined> =>
      (await session.client?.request('deliveries/areFetched', { deliveries }))?.all;
    this.queues = new QueueStates({ platform, log, changed, relayUrls, areFetched });
  }

  rows(of: InstanceNode): FactNode[] {
    const queue = this.queues.of(of);
    return factRows(of.facts, Date.now(), this.#names, queue).map((row) => ({ kind: 'fact', of, ...row }));
  }

  tooltip({ facts }: InstanceNode): vscode.MarkdownString {
    const tooltip = new vscode.MarkdownString();
    const rows = factRows(facts, Date.now(), this.#names).map(
      ({ label, value }) => `**${plainMarkdown(label)}** ${plainMarkdown(value)}`,
    );
    tooltip.value = [
      `**${plainMarkdown(facts.name)}** ${plainMarkdown(descriptionOf(facts))}`,
      ...rows,
      ...(facts.managed
        ? [plainMarkdown(say('VS Code can update the instance’s callback URL when the public URL changes.'))]
        : []),
    ].join('  \n');
    return tooltip;
  }
}
