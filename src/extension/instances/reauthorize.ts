import { say } from '../../common/say.ts';
import type { InstanceChange, OpenConnectorsApi } from '../../open-connectors/api.ts';
import { printable } from '../ui/printable.ts';
import { askText, type TextQuestion } from '../ui/questions.ts';
import { ifAnswered, inSteps, type Step } from '../ui/steps.ts';
import type { BrowserAuthorization } from '../oauth/browser-authorization.ts';
import type { InstanceNode } from './instance-node.ts';

interface Asked {
  readonly username: string;
  readonly redirect: string;
  readonly apiKey: string;
  readonly apiSecret: string;
}

/** Undefined if the user canceled or refused, which was reported. @param again the action of "Try Again" */
export async function newCredentials(
  api: OpenConnectorsApi,
  browser: BrowserAuthorization,
  { facts, instance }: InstanceNode,
  again: () => unknown,
): Promise<InstanceChange | undefined> {
  const title = say('Re-authorize {0}', printable(facts.name));
  const configuration = instance.configuration ?? {};
  const known = (key: string): string => {
    const value = configuration[key];
    return typeof value === 'string' && !/^\*+$/.test(value) ? value : '';
  };
  const isBasic = facts.authentication === 'basic';
  const begin: Asked = {
    username: '',
    redirect: isBasic ? '' : known('oauth.callback.url') || (await browser.loopbackCallback()),
    apiKey: known('oauth.api.key'),
    apiSecret: '',
  };
  const asked = await inSteps(title, begin, () => (isBasic ? basicSteps() : oauthSteps()));
  if (asked === undefined) return undefined;
  const { username, redirect, apiKey, apiSecret } = asked;
  if (isBasic) return { configuration: { username, password: 'x' } };
  const result = await browser.authorize({
    title,
    redirect,
    buildUrl: (state, callbackUrl, signal) => api.oauthUrl({ apiKey, apiSecret, callbackUrl, state }, signal),
  });
  if (result.kind !== 'code') {
    browser.say(result, again);
    return undefined;
  }
  return {
    providerData: { code: result.code },
    configuration: {
      'oauth.api.key': apiKey,
      'oauth.api.secret': apiSecret,
      'oauth.callback.url': result.redirectUri,
    },
  };
}

function basicSteps(): readonly Step<Asked>[] {
  return [askFor('username', { prompt: say('Campaign Monitor API key'), password: true })];
}

function oauthSteps(): readonly Step<Asked>[] {
  return [
    askFor('redirect', {
      prompt: say('Callback URL registered with the OAuth app'),
      check: (text) =>
        URL.canParse(text) ? undefined : say('Enter a complete URL that starts with http:// or https://'),
    }),
    askFor('apiKey', { prompt: say('Client ID of the OAuth app') }),
    askFor('apiSecret', { prompt: say('Client secret of the OAuth app'), password: true }),
  ];
}

function askFor(
  part: keyof Asked,
  { check, ...question }: Omit<TextQuestion, 'value' | 'check'> & Partial<Pick<TextQuestion, 'check'>>,
): Step<Asked> {
  return async (asked, place) => {
    const answer = await askText(place, {
      ...question,
      value: asked[part],
      check: (text) => (text === '' ? say('Required') : check?.(text)),
    });
    return ifAnswered(answer, (text) => ({ [part]: text }));
  };
}
