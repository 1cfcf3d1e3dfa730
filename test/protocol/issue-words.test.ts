import assert from 'node:assert/strict';
import { z } from 'zod';
import { issuesText, issueWords } from '../../src/protocol/issue-words.ts';

describe('What a schema says of input that a person wrote', () => {
  const schema = z.strictObject({
    count: z.int().min(1).max(9).default(1),
    kind: z.enum(['a', 'b']).default('a'),
    names: z.array(z.string().min(1)).max(2).default([]),
    url: z
      .string()
      .refine((text) => text.startsWith('http'), 'expected a URL')
      .default('http:'),
  });
  const said: [input: unknown, words: string][] = [
    [{ count: 0 }, 'count: must be 1 or more'],
    [{ count: 10 }, 'count: must be 9 or less'],
    [{ count: 'x' }, 'count: must be a number'],
    [{ count: 1.5 }, 'count: must be a whole number'],
    [{ kind: 'c' }, 'kind: must be one of a, b'],
    [{ names: [''] }, 'names[0]: must not be empty'],
    [{ names: ['a', 'b', 'c'] }, 'names: must have at most 2 entries'],
    [{ color: 'red' }, 'unknown key "color"'],
    [{ url: 'x', count: 0 }, 'count: must be 1 or more; url: expected a URL'],
    [[], 'must be an object'],
  ];
  for (const [input, words] of said) {
    it(`is "${words}"`, () => {
      const { error } = schema.safeParse(input, { error: issueWords });
      assert.ok(error !== undefined);
      assert.equal(issuesText(error), words);
    });
  }
});
