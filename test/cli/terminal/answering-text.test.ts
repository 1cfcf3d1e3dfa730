import assert from 'node:assert/strict';
import { answeringText } from '../../../src/cli/terminal/answering-text.ts';

const said = (status: number): string =>
  answeringText({
    ...{ state: 'on-purpose', status, delayMs: 0, remaining: null, by: { kind: 'terminal' } },
    ...{ since: '2026-03-01T09:00:00.000Z', until: '2026-03-01T09:10:00.000Z' },
  });

describe('The text for deliveries that are answered on purpose', () => {
  it('says of a success that nothing comes again', () => {
    const told = / Deliveries are stored, not forwarded, and their sender doesn't post them again\.$/;
    for (const status of [200, 204, 299]) assert.match(said(status), told);
    for (const status of [300, 404, 503]) assert.match(said(status), / Deliveries are stored, not forwarded\.$/);
  });
});
