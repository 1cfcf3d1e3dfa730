import assert from 'node:assert/strict';
import fc from 'fast-check';
import { emptyFields } from '../../../src/extension/instance-form/fields.ts';
import { readFormPageState, readPageMessage } from '../../../src/extension/instance-form/messages.ts';

const fields = emptyFields('sandbox', 'http://localhost:8788/oauth/callback');

describe('What the form’s page says', () => {
  it('is understood', () => {
    const messages = [
      { type: 'ready' },
      { type: 'ready', pageState: { anything: 1 } },
      { type: 'changed', fields },
      { type: 'secret', field: 'apiSecret', value: 'typed', done: false },
      { type: 'action', action: 'create' },
    ];
    for (const message of messages) assert.deepEqual(readPageMessage(message), message);
  });

  it('is passed over where the page cannot have said it', () => {
    const wrong = [
      { type: 'secret', field: 'name', value: 'typed', done: true },
      { type: 'secret', field: 'apiSecret', value: 7, done: true },
      { type: 'action', action: 'deleteEverything' },
      { type: 'changed', fields: { ...fields, authentication: 'none' } },
      { type: 'changed', fields: { ...fields, name: 'n'.repeat(2001) } },
      { type: 'token', token: 'x' },
    ];
    for (const message of wrong) assert.equal(readPageMessage(message), undefined, JSON.stringify(message));
    fc.assert(fc.property(fc.anything(), (message) => assert.equal(readPageMessage(message), undefined)));
  });

  it('holds no secret in what it keeps: fields beside the known ones are left out', () => {
    assert.deepEqual(readFormPageState({ fields: { ...fields, apiSecret: 'planted' } }), { fields });
    for (const kept of [undefined, null, {}, { fields: {} }, 'text']) assert.equal(readFormPageState(kept), undefined);
  });

  it('keeps the instance that was made, without its token; one that is none is left out, and the form stays', () => {
    const created = { id: '4711', name: 'Mine', host: 'sandbox' };
    assert.deepEqual(readFormPageState({ fields, created: { ...created, token: 'planted' } }), { fields, created });
    for (const wrong of [{}, { ...created, id: '../1' }, { ...created, id: 1 }, 'text', null])
      assert.deepEqual(readFormPageState({ fields, created: wrong }), { fields, created: undefined });
  });
});
