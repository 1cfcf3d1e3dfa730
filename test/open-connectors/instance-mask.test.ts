import assert from 'node:assert/strict';
import fc from 'fast-check';
import { maskedValue } from '../../src/common/masking.ts';
import { buildInstanceBody } from '../../src/open-connectors/instance-body.ts';
import { maskInstanceBody, maskText } from '../../src/open-connectors/instance-mask.ts';
import { listId, complete } from './instance-inputs.ts';

describe('secrets of an instance', () => {
  it('are masked in a body, wherever they stand', () => {
    const secret = 'client secret+/=';
    const callbackUrl = `https://mine.example.org/?a=${encodeURIComponent(secret)}&b=${new URLSearchParams({ a: secret }).toString().slice(2)}`;
    const shown = maskInstanceBody(
      buildInstanceBody({
        ...complete,
        apiSecret: secret,
        callbackUrl,
        callbackHeaders: { Authorization: `Basic ${Buffer.from('user:password').toString('base64')}`, 'X-Empty': '' },
        name: `my ${secret}`,
      }),
    );
    assert.deepEqual(shown, {
      element: { key: 'campaignmonitor' },
      providerData: { code: maskedValue },
      configuration: {
        'oauth.callback.url': complete.oauthCallbackUrl,
        'oauth.api.key': maskedValue,
        'oauth.api.secret': maskedValue,
        'event.notification.enabled': true,
        'event.notification.callback.url': `https://mine.example.org/?a=${maskedValue}&b=${maskedValue}`,
        'events.list.ids': listId,
        'event.notification.callback.headers': `{"Authorization":"${maskedValue}","X-Empty":"${maskedValue}"}`,
      },
      tags: ['Docs'],
      name: `my ${maskedValue}`,
    });
  });

  it('are masked in what the platform answers', () => {
    const answer = {
      id: 7,
      token: 'instance-token+/=',
      element: { key: 'campaignmonitor' },
      user: { id: 1 },
      configuration: {
        'oauth.user.token': 'user-token',
        'oauth.user.refresh_token': 'refresh-token',
        'oauth.api.secret': '********',
        username: 'api-key',
        'events.list.ids': listId,
        'event.metadata': '',
      },
      links: ['https://x.example.org/instance-token%2B%2F%3D', 'https://user:password@x.example.org/'],
    };
    assert.deepEqual(maskInstanceBody(answer), {
      ...answer,
      token: maskedValue,
      configuration: {
        ...answer.configuration,
        'oauth.user.token': maskedValue,
        'oauth.user.refresh_token': maskedValue,
        username: maskedValue,
      },
      links: [`https://x.example.org/${maskedValue}`, `https://${maskedValue}@x.example.org/`],
    });
  });

  it('stand nowhere in what is shown, in no usual encoding, for any', () => {
    const secret = fc.string({ unit: 'binary', minLength: 6, maxLength: 40 });
    fc.assert(
      fc.property(secret, secret, (one, other) => {
        const hidden = maskText(
          [one, encodeURIComponent(one), JSON.stringify(other), Buffer.from(other).toString('base64')].join('\n'),
          [one, other],
        );
        // A secret that is itself a part of a mask, or is left over from two, is none worth looking for.
        for (const text of [one, other]) if (!maskedValue.includes(text)) assert.ok(!hidden.includes(text), hidden);
      }),
    );
  });
});
