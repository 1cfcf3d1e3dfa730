import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type * as client from '../deferred.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';
import type { SecretBox } from '../secrets/secrets.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';
import { CommandError } from '../ui/command-error.ts';
import type { InstanceStore } from '../instances/instance-store.ts';
import type { Platform } from '../open-connectors/platform.ts';
import type { FormState } from './form-state.ts';
import { createInstance, storeSignatureKey, type Creation } from './interactive-creation.ts';
import type { FormAction } from './messages.ts';
import { currentRelayUrl, problemText } from './form-view.ts';
import { openVendorUrls } from '../public-url/urls.ts';
import type { Session } from '../session/session.ts';
import { unlessAborted } from '../session/shared-start.ts';

export interface FormActionParts {
  readonly session: Session;
  readonly log: vscode.LogOutputChannel;
  readonly secrets: SecretBox;
  readonly platform: Platform;
  readonly instances: InstanceStore;
  readonly browser: BrowserAuthorization;
  readonly sandbox: SandboxProcess;
  readonly pickLists: (chosen: readonly string[], signal: AbortSignal) => Promise<readonly string[] | undefined>;
}

export interface FormInUse {
  readonly client: typeof client;
  readonly state: FormState;
  readonly say: (done: string) => void;
  readonly fail: (message: string) => void;
  readonly during: <Result>(text: string, work: (signal: AbortSignal) => Promise<Result>) => Promise<Result>;
  /** Resolves when the page has shown the instance or can't report it. */
  readonly showCreated: () => Promise<void>;
  readonly showToken: (token: string) => void;
}

export type ActionHandlers = Readonly<Record<Exclude<FormAction, 'cancel' | 'showLog'>, (form: FormInUse) => unknown>>;

export function createFormActions(parts: FormActionParts): ActionHandlers {
  return {
    useSandbox: (form) => useSandbox(parts, form),
    fillCallback: (form) => fillCallback(parts, form),
    useThisMachine: async ({ state }) => state.fill({ oauthCallbackUrl: await parts.browser.loopbackCallback() }),
    generateKey: ({ state, say: done }) => {
      state.type('signatureKey', randomBytes(32).toString('base64'));
      done(say('Key generated.'));
    },
    copyKey: (form) => copy(form, form.state.typed.signatureKey ?? ''),
    pickLists: (form) => pickLists(parts, form),
    copyJson: (form) => copy(form, form.client.previewOf(form.state.fields, form.state.typed)),
    copyCurl: (form) => copyCurl(parts, form),
    create: (form) => createAndKeep(parts, form),
    copyId: (form) => copy(form, form.state.created?.id ?? ''),
    copyToken: async (form) => copy(form, await token(parts, form)),
    copyInstanceCurl: (form) => copyInstanceCurl(parts, form),
    showToken: async (form) => form.showToken(await token(parts, form)),
    another: ({ state }) => {
      state.created = undefined;
      // The app stays the same; a signature key belongs to one instance.
      state.forget('signatureKey');
      state.fill({ name: '' });
    },
  };
}

export async function storeSecrets({ platform }: Pick<FormActionParts, 'platform'>, state: FormState): Promise<void> {
  const secrets = state.platformSecrets();
  if (secrets === undefined) return;
  await platform.storeSecrets(secrets.host, secrets);
  state.setStored(secrets.host, true);
}

async function copy({ say: done }: FormInUse, text: string): Promise<void> {
  if (text === '') return;
  await vscode.env.clipboard.writeText(text);
  done(say('Copied.'));
}

async function useSandbox(parts: FormActionParts, form: FormInUse): Promise<void> {
  const { client, state } = form;
  const { running, oauthCallbackUrl } = await form.during(say('Starting sandbox…'), async (signal) => {
    const running = await parts.sandbox.start(signal);
    // The sandbox's OAuth app accepts any port of this machine.
    const oauthCallbackUrl = await parts.browser.loopbackCallback();
    signal.throwIfAborted();
    return { running, oauthCallbackUrl };
  });
  const { apiKey, oauthClientId, oauthClientSecret } = running.credentials.campaignMonitor;
  const callbackUrl = currentRelayUrl(parts.session, true);
  state.fillFromSandbox({
    fields: { apiKey: oauthClientId, oauthCallbackUrl, ...(callbackUrl !== undefined && { callbackUrl }) },
    proposed: { name: say('Sandbox'), listIds: client.documentedListId },
    secrets: { apiSecret: oauthClientSecret, campaignMonitorApiKey: apiKey },
  });
  form.say(say('Sandbox values filled in.'));
}

async function fillCallback({ session }: FormActionParts, form: FormInUse): Promise<void> {
  const { state } = form;
  const urls = await form.during(say('Waiting for the relay URL…'), (signal) =>
    unlessAborted(openVendorUrls(session, state), signal),
  );
  if (urls === undefined) return;
  state.fill({ callbackUrl: urls.openConnectors });
  form.say(say('Relay URL filled in.'));
}

async function pickLists({ pickLists: pick }: FormActionParts, form: FormInUse): Promise<void> {
  const { client, state } = form;
  const lists = await form.during(say('Waiting for you to choose lists…'), async (signal) => {
    const picked = await pick(client.parseListIds(state.fields.listIds), signal);
    signal.throwIfAborted();
    return picked;
  });
  if (lists !== undefined) state.fill({ listIds: lists.join(',\n') });
}

async function copyCurl(parts: FormActionParts, form: FormInUse): Promise<void> {
  const { client, state } = form;
  const { host } = state;
  if (host === undefined) {
    form.fail(problemText({ field: 'host', severity: 'error', code: 'not-a-host' }));
    return;
  }
  const body = client.buildInstanceBody(client.instanceInput(state.fields, state.typed));
  const baseUrl = await baseUrlAt(parts, client, host);
  await copy(form, client.toInstanceCurl(body, { baseUrl, withSecrets: false }));
}

async function copyInstanceCurl(parts: FormActionParts, form: FormInUse): Promise<void> {
  const { client, state } = form;
  if (state.created === undefined) return;
  const { id, host } = state.created;
  await copy(form, client.instanceReadCurl(Number(id), await baseUrlAt(parts, client, host)));
}

async function baseUrlAt({ platform }: FormActionParts, client: FormInUse['client'], host: string): Promise<string> {
  if (host !== client.sandboxRegion) return client.baseUrlOf(host);
  return (await platform.api({ host, startSandbox: true }))?.baseUrl ?? '';
}

/** @throws CommandError if the token isn't stored */
async function token({ instances }: FormActionParts, { state: { created } }: FormInUse): Promise<string> {
  const kept = created === undefined ? undefined : await instances.token(created.host, Number(created.id));
  if (kept !== undefined) return kept;
  throw new CommandError(
    say('The token of this instance isn’t stored in VS Code'),
    say(
      'If you deleted the instance, its token was removed too. To see whether the instance still exists, check the Instances view.',
    ),
  );
}

async function createAndKeep(parts: FormActionParts, form: FormInUse): Promise<void> {
  const { client, state } = form;
  const { fields, typed, stored, host } = state;
  if (host === undefined || client.checkForm(fields, typed, stored).some(({ severity }) => severity === 'error'))
    return;
  const text =
    fields.authentication === 'oauth'
      ? say('Creating the instance after you grant access in the browser…')
      : say('Creating the instance…');
  const input = client.instanceInput(fields, typed);
  const creation = await form.during(text, async (signal): Promise<Creation> => {
    if (parts.platform.host !== host) await parts.platform.setHost(host);
    await storeSecrets(parts, state);
    return createInstance(parts, { host, input }, signal);
  });
  if (creation.kind === 'failed') form.fail(creation.message);
  if (creation.kind === 'canceled') form.say(say('Canceled. Nothing was created.'));
  if (creation.kind !== 'created') return;
  state.created = { id: String(creation.id), name: creation.name, host: creation.host };
  // A question about the key would take the focus from the page, so wait until the page shows the instance.
  await form.showCreated();
  const { signatureKey = '' } = input;
  if (signatureKey === '') return;
  const { log, secrets, instances: store } = parts;
  const failures = await storeSignatureKey({ log, secrets, store }, creation, signatureKey, fields.signDirect);
  if (failures.length > 0) form.say(failures.join(' '));
}
