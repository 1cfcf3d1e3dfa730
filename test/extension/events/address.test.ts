import assert from 'node:assert/strict';
import {
  documentKinds,
  documentPath,
  eventIdOf,
  eventPath,
  parseDocumentPath,
} from '../../../src/extension/events/address.ts';

describe("The address of an event's document", () => {
  it('is read back as it was written', () => {
    for (const kind of documentKinds) {
      const address = { eventId: 'e12', kind, attempt: kind === 'answer' ? 3 : null };
      for (const extension of ['json', 'xml', 'txt'] as const) {
        assert.deepEqual(parseDocumentPath(documentPath(address, extension)), address);
      }
    }
  });

  it('ends so that VS Code knows the language', () => {
    const path = (kind: (typeof documentKinds)[number]): string =>
      documentPath({ eventId: 'e1', kind, attempt: 2 }, 'xml');
    assert.deepEqual(documentKinds.map(path), [
      '/e1/e1 body.xml',
      '/e1/e1 event.json',
      '/e1/e1 notification.xml',
      '/e1/e1 answer-2.txt',
    ]);
  });

  it('that names no document is refused', () => {
    for (const path of [
      '',
      '/',
      '/e0/e0 body.json',
      '/d1/d1 body.json',
      '/e1/e1 other.json',
      '/e1/e1 answer.txt',
      '/e1/e1 body-2.json',
      '/e1/body.json',
      '/e1/e2 body.json',
    ])
      assert.equal(parseDocumentPath(path), undefined, path);
  });

  it('lead back to their event, as does the event’s own', () => {
    assert.equal(eventPath('e12'), '/event/e12');
    assert.equal(eventIdOf('/event/e12'), 'e12');
    assert.equal(eventIdOf('/e12/e12 body.json'), 'e12');
    for (const path of ['/event/e0', '/event/e12/', '/event/d12', '/other/e12', ''])
      assert.equal(eventIdOf(path), undefined, path);
  });
});
