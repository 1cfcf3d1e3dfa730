import assert from 'node:assert/strict';
import { placesOf } from '../../../src/extension/check/scenario-places.ts';

describe('Where scenarios stand in their file', () => {
  it('finds each name, in whatever order its object has its fields', () => {
    const text = [
      '{ "scenarios": [',
      '  { "name": "first", "steps": [ { "name": "a step" } ] },',
      '  {',
      '    "steps": [ { "name": "another" } ],',
      '    "name": "the \\"second\\""',
      '  }',
      '] }',
    ].join('\n');
    assert.deepEqual(placesOf(text, ['first', 'the "second"']), [
      { line: 1, character: 4 },
      { line: 4, character: 4 },
    ]);
  });

  it('tells those of the same name apart', () => {
    const text = '[{ "name": "same" },\r\n { "name": "same" }]';
    assert.deepEqual(placesOf(text, ['same', 'same']), [
      { line: 0, character: 3 },
      { line: 1, character: 3 },
    ]);
  });
});
