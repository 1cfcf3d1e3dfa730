import assert from 'node:assert/strict';
import fc from 'fast-check';
import { buildInstanceBody, instanceBodySchema, parseListIds } from '../../src/open-connectors/instance-body.ts';
import { listId, complete, anyInput } from './instance-inputs.ts';

describe('the body of an instance', () => {
  it('has the optional keys that are given, headers as JSON text', () => {
    const { configuration } = buildInstanceBody({
      ...complete,
      signatureKey: 'a-signature-key-of-mine',
      basicUsername: 'user',
      basicPassword: 'password',
      callbackHeaders: { 'X-Mine': '1' },
    });
    assert.equal(configuration['event.notification.signature.key'], 'a-signature-key-of-mine');
    assert.equal(configuration['event.notification.basic.username'], 'user');
    assert.equal(configuration['event.notification.basic.password'], 'password');
    assert.equal(configuration['event.notification.callback.headers'], '{"X-Mine":"1"}');
  });

  it('has the API key in place of all that belongs to OAuth with basic authentication', () => {
    const body = buildInstanceBody({ ...complete, authentication: 'basic', username: 'an-api-key', companyName: '' });
    assert.deepEqual(body, {
      element: { key: 'campaignmonitor' },
      configuration: {
        username: 'an-api-key',
        'event.notification.enabled': true,
        'event.notification.callback.url': complete.callbackUrl,
        'events.list.ids': listId,
      },
      tags: ['Docs'],
      name: 'API Instance',
    });
  });

  it('is what its schema says, for any input', () => {
    fc.assert(
      fc.property(anyInput, (input) => {
        const body = buildInstanceBody(input);
        assert.deepEqual(instanceBodySchema.parse(JSON.parse(JSON.stringify(body))), JSON.parse(JSON.stringify(body)));
      }),
    );
  });
});

describe('list ids as they are typed', () => {
  it('may be separated by whatever people and programs put between them', () => {
    const other = listId.toUpperCase();
    for (const text of [
      `${listId},${other}`,
      ` ${listId} ,\n${other};`,
      `["${listId}", "${other}"]`,
      `'${listId}'\t'${other}'`,
    ]) {
      assert.deepEqual(parseListIds(text), [listId, other], text);
    }
    assert.deepEqual(parseListIds(' ,; '), []);
  });
});
