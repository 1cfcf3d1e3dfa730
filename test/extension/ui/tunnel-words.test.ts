import assert from 'node:assert/strict';
import type { Words } from '../../../src/common/words.ts';
import { tunnelInWords } from '../../../src/extension/ui/tunnel-words.ts';
import type { TunnelStatus } from '../../../src/protocol/status.ts';
import { asSentences, englishWords, tunnelTexts, tunnelWords } from '../../../src/protocol/tunnel-words.ts';
import type { TunnelCode } from '../../../src/protocol/tunnel-words.ts';
import { inGerman } from '../../common/in-german.ts';

function status(...said: Words[]): TunnelStatus {
  return { state: 'failed', kind: 'ngrok', reason: asSentences(said.map(englishWords)), said };
}

describe('How the tunnel is', () => {
  for (const code of Object.keys(tunnelTexts) as TunnelCode[]) {
    it(`is in English as the relay says it, and in German: ${code}`, () => {
      const told = status(tunnelWords(code, '⟦1⟧', '⟦2⟧', '⟦3⟧'));
      assert.equal(tunnelInWords(told).reason, told.reason);
      const { reason } = inGerman(() => tunnelInWords(told));
      assert.doesNotMatch(reason, /undefined|\{\d\}/);
      for (const value of ['⟦1⟧', '⟦2⟧', '⟦3⟧'])
        assert.equal(reason.includes(value), told.reason.includes(value), value);
      // What holds no word but its values is the same in every language.
      if (code !== 'with-words') assert.notEqual(reason, told.reason);
    });
  }

  it('is put together of pieces, each in the language', () => {
    const refused = tunnelWords('no-answer', 'https://a.example', tunnelWords('connection-refused'));
    const told = status(tunnelWords('trying-again', refused, '2 s'), tunnelWords('see-log'));
    assert.equal(
      told.reason,
      'https://a.example isn’t answering (connection refused); trying again in 2 s. See the log.',
    );
    assert.equal(
      inGerman(() => tunnelInWords(told)).reason,
      'https://a.example antwortet nicht (Verbindung abgelehnt); neuer Versuch in 2 s. Siehe Protokoll.',
    );
  });

  it('is as the relay says it where it knows more than this extension', () => {
    const later = { code: 'of-a-later-version', values: [] };
    for (const said of [[later], [tunnelWords('trying-again', later, '2 s')], [tunnelWords('see-log'), later]])
      assert.equal(inGerman(() => tunnelInWords({ ...status(), reason: 'It says so.', said })).reason, 'It says so.');
    const inherited = { ...status(), reason: 'It says so.', said: [{ code: 'toString', values: [] }] };
    assert.equal(inGerman(() => tunnelInWords(inherited)).reason, 'It says so.');
  });

  it('takes no value for a place of another', () => {
    const told = status(tunnelWords('no-answer', 'https://a.example/{1}', '{0}'));
    assert.equal(told.reason, 'https://a.example/{1} isn’t answering ({0}).');
    assert.equal(tunnelInWords(told).reason, told.reason);
  });
});
