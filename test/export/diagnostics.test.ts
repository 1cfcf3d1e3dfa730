import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { diagnosticsText, fitForReport } from '../../src/export/diagnostics.ts';

describe('What is fit for a bug report', () => {
  const secret = '0123456789abcdef'.repeat(2);
  const texts: Record<string, readonly [text: string, fit: string]> = {
    'names no host that is not this machine': [
      'connect to https://hooks.example.org:8443/a?b=c failed',
      'connect to https://******** failed',
    ],
    'keeps where on this machine': [
      'http://localhost:3000/callback?x=1 refused',
      'http://localhost:3000/callback refused',
    ],
    'masks the secret of a webhook URL': [
      `http://127.0.0.1:8787/hooks/${secret}/health`,
      'http://127.0.0.1:8787/hooks/********/health',
    ],
    'masks addresses': ['jane.doe@example.org is unknown', '******** is unknown'],
    'names no home folder': [`${homedir()}/relay`, '~/relay'],
  };
  for (const [what, [text, fit]] of Object.entries(texts)) {
    it(what, () => assert.equal(fitForReport(text), fit));
  }

  it('drives no terminal', () => {
    const text = diagnosticsText('x', [{ title: 'y', facts: [['z', '\u001b[2J']] }]);
    assert.equal(text, '## x\n\n### y\n\n- z: \\x1b[2J\n');
  });
});
