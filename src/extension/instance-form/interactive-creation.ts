import * as vscode from 'vscode';
import { isConfirmed } from '../confirm.ts';
import { say } from '../../common/say.ts';
import type { InstanceFacts } from '../../open-connectors/instance-facts.ts';
import type { InstanceInput } from '../../open-connectors/instance-body.ts';
import { inMessage, unlinked } from '../ui/printable.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';
import { working } from '../ui/progress.ts';
import type { CreationResult, CreationStep } from '../../open-connectors/instance-creation.ts';
import type { InstanceStore, StoredInstance, VerifyKeyParts } from '../instances/instance-store.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { OpenConnectorsError } from '../deferred.ts';
import { messageOf, nextOf } from '../ui/error-words.ts';
import { keepVerifyKey } from '../instances/instance-store.ts';

export type Creation =
  | { readonly kind: 'created'; readonly id: number; readonly name: string; readonly host: string }
  | { readonly kind: 'canceled' }
  | { readonly kind: 'failed'; readonly message: string };

/** Stores the token. `host` is in the form of the host setting. */
export async function createInstance(
  parts: {
    readonly log: vscode.LogOutputChannel;
    readonly platform: Platform;
    readonly instances: InstanceStore;
    readonly browser: BrowserAuthorization;
  },
  { host, input }: { readonly host: string; readonly input: InstanceInput },
  signal: AbortSignal,
): Promise<Creation> {
  const { log, platform, instances, browser } = parts;
  const api = await platform.api({ host, startSandbox: true });
  if (api === undefined) return fail(say('First set the user secret and the organization secret.'));
  const deferred = await import('../deferred.ts');
  const result = await deferred.createInstance(
    {
      api,
      title: say('Access to Campaign Monitor for “{0}”', input.name),
      authorize: (request) => browser.authorize(request),
      confirmDuplicate,
      during,
    },
    input,
    signal,
  );
  if ('error' in result) log.error(`creating an instance: ${result.kind}: ${platformErrorForLog(result.error)}`);
  else log.info(`creating an instance: ${result.kind}${result.kind === 'created' ? ` (${result.id})` : ''}`);
  const chosen = result.kind === 'unanswered' ? await offer(result.found ?? []) : undefined;
  const instance =
    chosen === undefined
      ? result
      : { ...chosen, kind: 'created' as const, token: await deferred.readToken(api, chosen.id) };
  if (instance.kind !== 'created') return explain(instance, browser, input.authentication === 'oauth');
  const { id, name, token } = instance;
  try {
    await instances.add({ id, name, host, createdAt: new Date().toISOString() }, token);
  } catch (error) {
    const { message } = error as Error;
    log.error(`the token of a new instance was not kept: ${message}`);
    return fail(
      say('The instance was created, but its token couldn’t be stored: {0}.', message),
      say('Delete the instance in the Instances view, and then try again.'),
    );
  }
  return { kind: 'created', id, name, host };
}

function fail(...sentences: readonly string[]): Creation {
  return { kind: 'failed', message: sentences.join(' ') };
}

function explain(
  result: Exclude<CreationResult, { kind: 'created' }>,
  browser: BrowserAuthorization,
  oauth: boolean,
): Creation {
  switch (result.kind) {
    case 'canceled':
      return { kind: 'canceled' };
    case 'not-authorized': {
      const { message, next } = browser.explain(result.authorization);
      return fail(message, next);
    }
    case 'refused': {
      const { message, next } = explainPlatformError(result.error);
      const again =
        oauth && result.step === 'creation'
          ? [say('Then authorize again: a code works only once, and this one may have been used.')]
          : [];
      return fail(message, next, ...again);
    }
    case 'unanswered': {
      const { message } = explainPlatformError(result.error);
      const { found } = result;
      if (found !== null && found.length > 0)
        return fail(
          message,
          say(
            'New in Open Connectors with the name you entered: {0}.',
            found.map(({ id }) => say('ID {0}', id)).join(', '),
          ),
          say('Check the Instances view before you try again.'),
        );
      return fail(
        message,
        found === null ? say('The instance may have been created.') : say('No new instance has the name you entered.'),
        oauth ? say('Authorize again: a code works only once.') : say('Try again.'),
        say('Before it creates another, VS Code looks for an instance with this name and asks you.'),
      );
    }
  }
}

async function during<T>(step: CreationStep, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const titles: Record<CreationStep, string> = {
    creating: say('Creating instance'),
    looking: say('Not confirmed; checking whether the instance was created'),
  };
  // Don't report a cancellation instead of the task's error: the instance may have been created.
  const outcome = await working(titles[step], (signal) =>
    task(signal).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    ),
  );
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

function confirmDuplicate(existing: readonly InstanceFacts[]): Promise<boolean> {
  return isConfirmed(
    say('Open Connectors already has an instance “{0}”. Create another?', inMessage(existing[0]?.name ?? '')),
    existing.map(describe).join('\n\n'),
    say('Create Another'),
  );
}

/** Returns undefined if the user declines, or several instances were found. */
async function offer(found: readonly InstanceFacts[]): Promise<InstanceFacts | undefined> {
  const [instance, another] = found;
  if (instance === undefined || another !== undefined) return undefined;
  const isAgreed = await isConfirmed(
    say('Open Connectors has a new instance “{0}”. Use it?', inMessage(instance.name)),
    `${describe(instance)}\n${say('This is most likely the instance you requested. VS Code won’t create a second one.')}`,
    say('Use This Instance'),
  );
  return isAgreed ? instance : undefined;
}

function describe({ id, createdAt }: InstanceFacts): string {
  if (createdAt === null) return say('ID {0}', id);
  return `${say('ID {0}', id)}\n${say('Created {0}', new Date(createdAt).toLocaleString(vscode.env.language))}`;
}

function explainPlatformError(error: OpenConnectorsError): { readonly message: string; readonly next: string } {
  return { message: sentence(messageOf(error)), next: nextOf(error) ?? '' };
}

function platformErrorForLog(error: OpenConnectorsError): string {
  const status = error.status === null ? '' : `, status ${error.status}`;
  const request = error.requestId === null ? '' : `, request ${error.requestId}`;
  return `${error.message} (${error.kind}${status}${request})`;
}

/** Ends with a period, and without links in VS Code, because the text is from outside. */
function sentence(text: string): string {
  const plain = unlinked(text).trim();
  return /[.!?]$/.test(plain) ? plain : `${plain}.`;
}

/** Logs a failure and goes on. @returns per failure, what the user can do: the instance exists anyway */
export async function storeSignatureKey(
  { log, ...parts }: VerifyKeyParts & { readonly log: Pick<vscode.LogOutputChannel, 'error'> },
  instance: Pick<StoredInstance, 'name' | 'id' | 'host'>,
  key: string,
  signDirect: boolean,
): Promise<readonly string[]> {
  const failures: string[] = [];
  const trying = async (work: Promise<void>, explain: (why: string) => string): Promise<void> => {
    try {
      await work;
    } catch (error) {
      const { message } = error as Error;
      log.error(`the signature key of a new instance was not kept: ${message}`);
      failures.push(explain(message));
    }
  };
  await trying(keepVerifyKey(parts, instance, key), (why) =>
    say(
      'Couldn’t store the instance’s signature key: {0}. Add the key as a verify key with “Manage Keys and Secrets…”.',
      why,
    ),
  );
  if (!signDirect) return failures;
  // The key's name, because destinations refer to it.
  await trying(parts.secrets.set('signatureKeys', instance.name.slice(0, 100), key), (why) =>
    say(
      'Couldn’t store the key for signing notifications that the relay creates: {0}. Add the key as a signature key with “Manage Keys and Secrets…”.',
      why,
    ),
  );
  return failures;
}
