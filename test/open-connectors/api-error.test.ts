import assert from 'node:assert/strict';
import { OpenConnectorsError, type OpenConnectorsErrorKind } from '../../src/open-connectors/api-error.ts';
import { inGerman } from '../common/in-german.ts';

describe('An error of Open Connectors', () => {
  it('says what happened in the user’s language, with its own words', () => {
    const error = inGerman(() => new OpenConnectorsError('refused', 'refresh', { said: 'Not now', status: 404 }));
    assert.equal(error.message, 'Open Connectors hat die Anfrage abgelehnt: Not now');
    assert.match(error.next, /^Das angeforderte Element /);
  });

  it('says the status if Open Connectors says nothing', () => {
    const said: readonly (readonly [OpenConnectorsErrorKind, string])[] = [
      ['refused', 'Open Connectors refused the request (HTTP status 502)'],
      ['unexpected-answer', 'Open Connectors returned an unexpected answer (HTTP status 502)'],
    ];
    for (const [kind, message] of said)
      assert.equal(new OpenConnectorsError(kind, 'check-host', { status: 502 }).message, message);
    assert.equal(new OpenConnectorsError('unreachable', 'check-network').message, 'Can’t reach Open Connectors');
  });
});
