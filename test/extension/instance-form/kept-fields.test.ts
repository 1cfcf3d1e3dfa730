import assert from 'node:assert/strict';
import { emptyFields } from '../../../src/extension/instance-form/fields.ts';
import { fieldsToKeep, keptRelayUrl } from '../../../src/extension/instance-form/kept-fields.ts';

describe('What VS Code keeps of a form', () => {
  const fields = { ...emptyFields('api.example.com', 'http://localhost:8788/oauth/callback'), name: 'Mine' };

  it('holds no URL of a relay: its secret would be on disk', () => {
    const secret = '0123456789abcdef'.repeat(2);
    for (const base of ['https://name.localtunnel.me', 'http://127.0.0.1:8787', 'https://h/below']) {
      const kept = fieldsToKeep({ ...fields, callbackUrl: `${base}/hooks/${secret}/open-connectors` });
      assert.deepEqual(kept, { ...fields, callbackUrl: keptRelayUrl });
    }
  });

  it('holds no callback with a password or a query, complete or not: a secret may stand there', () => {
    for (const callbackUrl of [
      'https://ada:secret@example.com/callback',
      'https://example.com/callback?token=secret',
      'ada:secret@example.com',
      'https://ada:sec/ret@example.com',
    ])
      assert.deepEqual(fieldsToKeep({ ...fields, callbackUrl }), { ...fields, callbackUrl: '' });
  });

  it('is otherwise what was typed', () => {
    const typed = { ...fields, callbackUrl: 'https://example.com/hooks/mine' };
    assert.equal(fieldsToKeep(typed), typed);
  });
});
