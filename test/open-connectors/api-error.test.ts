import assert from 'node:assert/strict';
import { OpenConnectorsError } from '../../src/open-connectors/api-error.ts';
import { inGerman } from '../common/in-german.ts';

describe('An error of Open Connectors', () => {
  it('says what happened in the user’s language, with its own words', () => {
    const error = inGerman(() => new OpenConnectorsError('refused', 'refresh', { said: 'Not now', status: 404 }));
    assert.equal(error.message, 'Open Connectors hat die Anfrage abgelehnt: Not now');
    assert.match(error.next, /^Das angeforderte Element /);
  });
});
