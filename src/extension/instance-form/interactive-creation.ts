/** Creates an instance in this window: the consent in the browser, progress, questions, and the result. */
import * as vscode from 'vscode';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import type { InstanceInput } from '../../open-connectors/instance-body.ts';
import { prefix } from '../prefix.ts';
import { inMessage, printable } from '../ui/printable.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';
import { working } from '../ui/progress.ts';
import type {
  CreationAttempts,
  CreationParts,
  CreationResult,
  CreationStep,
  OpenAttempt,
} from '../../open-connectors/creation-attempts.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import { explainPlatformError, platformErrorForLog } from '../open-connectors/platform-errors.ts';
import type { Platform } from '../open-connectors/platform.ts';

/** The result, in words. */
export type Creation =
  | {
      readonly kind: 'created';
      readonly id: number;
      readonly name: string;
      readonly host: string;
      /** The key that it was created with, empty for none; null if it is no longer known. */
      readonly signatureKey: string | null;
    }
  | { readonly kind: 'cancelled' }
  /** What went wrong and what to do: nothing was created, or that is unknown and the next attempt checks first. */
  | { readonly kind: 'failed'; readonly message: string };

/** The instance to create, and its host in the form of the setting. */
export interface WantedInstance {
  readonly host: string;
  readonly input: InstanceInput;
}

const attemptsKey = `${prefix}.openAttempts`;

/**
 * Creates instances for the form. One at a time: a second call during a creation joins it. The token is stored in
 * SecretStorage; Open Connectors' request ID is logged.
 */
export function createInstance(parts: {
  readonly context: Pick<vscode.ExtensionContext, 'workspaceState'>;
  readonly log: vscode.LogOutputChannel;
  readonly platform: Platform;
  readonly instances: InstanceStore;
  readonly browser: BrowserAuthorization;
}): (wanted: WantedInstance, signal: AbortSignal) => Promise<Creation> {
  let attempts: CreationAttempts | undefined;
  return async ({ host, input }, signal) => {
    const { context, log, platform, instances, browser } = parts;
    const api = await platform.api({ host, startSandbox: true });
    if (api === undefined) {
      return { kind: 'failed', message: vscode.l10n.t('First set the user secret and the organization secret.') };
    }
    attempts ??= new (await import('../deferred.ts')).CreationAttempts({
      read: () => context.workspaceState.get<readonly OpenAttempt[]>(attemptsKey, []),
      write: (open) => context.workspaceState.update(attemptsKey, open),
    });
    const creationParts: CreationParts = {
      api,
      host,
      store: instances,
      title: vscode.l10n.t('Access to Campaign Monitor for “{0}”', input.name),
      authorize: (request) => browser.authorize(request),
      during,
      offer,
    };
    const result = await attempts.create(creationParts, input, signal);
    if (result.kind === 'not-kept') log.error(`the token of a new instance was not kept: ${result.error.message}`);
    else if ('error' in result) log.error(`creating an instance: ${result.kind}: ${platformErrorForLog(result.error)}`);
    else log.info(`creating an instance: ${result.kind}${result.kind === 'created' ? ` (${result.id})` : ''}`);
    return inWords(result, { browser, host, oauth: input.authentication === 'oauth' });
  };
}

function inWords(
  result: CreationResult,
  { browser, host, oauth }: { readonly browser: BrowserAuthorization; readonly host: string; readonly oauth: boolean },
): Creation {
  const { l10n } = vscode;
  const failed = (...sentences: readonly string[]): Creation => ({ kind: 'failed', message: sentences.join(' ') });
  switch (result.kind) {
    case 'created':
      return { kind: 'created', id: result.id, name: result.name, host, signatureKey: result.signatureKey };
    case 'not-kept':
      return failed(
        l10n.t('The instance was created, but its token couldn’t be stored: {0}.', result.error.message),
        l10n.t('Try again. VS Code looks for an existing instance first, so you won’t get a duplicate.'),
      );
    case 'cancelled':
      return { kind: 'cancelled' };
    case 'not-authorized': {
      const { message, next } = browser.explain(result.authorization) ?? { message: '', next: '' };
      return failed(message, next);
    }
    case 'refused': {
      const { message, next } = explainPlatformError(result.error);
      const again =
        oauth && result.step === 'creation'
          ? [l10n.t('Then authorise again: a code works only once, and this one may have been used.')]
          : [];
      return failed(message, next, ...again);
    }
    case 'lost':
      return failed(
        explainPlatformError(result.error).message,
        l10n.t('No new instance has the name you entered.'),
        oauth ? l10n.t('Authorise again: a code works only once.') : l10n.t('Try again.'),
        l10n.t('If the instance is created later, VS Code finds it when you try again.'),
      );
    case 'unknown':
      return failed(
        explainPlatformError(result.error).message,
        l10n.t('The instance may have been created.'),
        l10n.t('Try again. VS Code looks for an existing instance first, so you won’t get a duplicate.'),
      );
    case 'declined':
      return failed(
        l10n.t('The existing instance wasn’t changed.'),
        l10n.t('Delete the existing instance in the Instances view or enter another name, and then try again.'),
      );
  }
}

async function during<T>(step: CreationStep, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const titles: Record<CreationStep, string> = {
    creating: vscode.l10n.t('Creating instance'),
    looking: vscode.l10n.t('No answer; checking whether the instance was created'),
  };
  // The task's own error is more specific than a cancellation: whether an instance was created must still be checked.
  const outcome = await working(titles[step], (signal) =>
    task(signal).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  );
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

/** There was no response, and there is a new instance with this name: most likely the requested one. */
async function offer(found: readonly InstanceFacts[]): Promise<InstanceFacts | null> {
  const { l10n, window } = vscode;
  const [instance] = found;
  if (instance === undefined) return null;
  if (found.length > 1) {
    const choice = await window.showQuickPick(
      found.map((each) => ({ label: `${printable(each.name)} (${each.id})`, description: createdText(each), each })),
      {
        title: l10n.t('Open Connectors has new instances with the name you entered'),
        placeHolder: l10n.t('Which instance do you want to use?'),
        ignoreFocusOut: true,
      },
    );
    return choice?.each ?? null;
  }
  const use = l10n.t('Use This Instance');
  const choice = await window.showWarningMessage(
    l10n.t('Open Connectors has a new instance “{0}”. Use it?', inMessage(instance.name)),
    {
      modal: true,
      detail: [
        l10n.t('ID {0}', instance.id),
        createdText(instance),
        l10n.t('This is most likely the instance you requested. VS Code won’t create a second one.'),
      ]
        .filter((line) => line !== '')
        .join('\n'),
    },
    use,
  );
  return choice === use ? instance : null;
}

function createdText({ createdAt }: InstanceFacts): string {
  return createdAt === null
    ? ''
    : vscode.l10n.t('Created {0}', new Date(createdAt).toLocaleString(vscode.env.language));
}
