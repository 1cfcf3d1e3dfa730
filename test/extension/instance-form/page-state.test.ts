import assert from 'node:assert/strict';
import { emptyFields } from '../../../src/extension/instance-form/fields.ts';
import { fieldsForPageState, relayUrlPlaceholder } from '../../../src/extension/instance-form/page-state.ts';

describe('What VS Code keeps of a form', () => {
  const fields = { ...emptyFields('api.example.com', 'http://localhost:8788/oauth/callback'), name: 'Mine' };

  it('holds no URL of a relay: its secret would be on disk', () => {
    const secret = '0123456789abcdef'.repeat(2);
    for (const base of ['https://name.localtunnel.me', 'http://127.0.0.1:8787', 'https://h/below']) {
      const kept = fieldsForPageState({ ...fields, callbackUrl: `${base}/hooks/${secret}/open-connectors` });
      assert.deepEqual(kept, { ...fields, callbackUrl: relayUrlPlaceholder });
    }
  });

  it('holds no callback with a password or a query, complete or not: a secret may stand there', () => {
    for (const callbackUrl of [
      'https://ada:secret@example.com/callback',
      'https://example.com/callback?token=secret',
      'ada:secret@example.com',
      'https://ada:sec/ret@example.com',
    ])
      assert.deepEqual(fieldsForPageState({ ...fields, callbackUrl }), { ...fields, callbackUrl: '' });
  });
});
