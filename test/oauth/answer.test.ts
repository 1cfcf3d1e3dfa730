import assert from 'node:assert/strict';
import fc from 'fast-check';
import { newState, readAnswer, readPasted } from '../../src/oauth/answer.ts';

const read = (query: string): ReturnType<typeof readAnswer> => readAnswer(new URLSearchParams(query));

describe('the answer of the consent', () => {
  it('is a code with its state', () => {
    assert.deepEqual(read('code=xoz8AFqScK2ngM04kSSM&state=s'), {
      kind: 'code',
      code: 'xoz8AFqScK2ngM04kSSM',
      state: 's',
    });
    assert.deepEqual(read('code=c'), { kind: 'code', code: 'c', state: null });
  });

  it('is a refusal, with or without a description', () => {
    assert.deepEqual(read('error=access_denied&state=s'), {
      kind: 'refused',
      error: 'access_denied',
      description: null,
      state: 's',
    });
    assert.deepEqual(read('error=server_error&error_description=Try+later'), {
      kind: 'refused',
      error: 'server_error',
      description: 'Try later',
      state: null,
    });
  });

  it('is none where a part is missing, empty, doubled or endless', () => {
    for (const query of ['', 'state=s', 'code=', 'code=a&code=b', 'code=a&state=s&state=t', `code=${'x'.repeat(5000)}`])
      assert.deepEqual(read(query), { kind: 'none' });
  });

  it('brings no line breaks or links into a message', () => {
    const answer = read(`error=e&error_description=${encodeURIComponent('a\r\n\u202e[b](command:x)'.repeat(100))}`);
    assert.ok(answer.kind === 'refused' && answer.description !== null);
    assert.ok(answer.description.length <= 300);
    assert.doesNotMatch(answer.description, /[\r\n\u202e]|\]\(/);
  });

  it('is read whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }), fc.string(), (code, state) => {
        const query = new URLSearchParams({ code, state });
        assert.deepEqual(readAnswer(new URLSearchParams(query.toString())), {
          kind: 'code',
          code: query.get('code'),
          state: query.get('state'),
        });
      }),
    );
  });
});

describe('what a person pastes', () => {
  const expected = { kind: 'code', code: 'a+b/c=', state: 's' };

  it('is the whole URL, of any callback', () => {
    for (const begin of [
      'http://localhost:8788/oauth/callback',
      'vscode://cm-relay.campaign-monitor-relay/oauth/callback',
      'https://example.org/oauth/',
    ])
      assert.deepEqual(readPasted(`  ${begin}?code=a%2Bb%2Fc%3D&state=s\n`), expected);
  });

  it('is the code alone', () =>
    assert.deepEqual(readPasted(' a+b/c= '), { kind: 'code', code: 'a+b/c=', state: null }));

  it('is a refusal', () => assert.equal(readPasted('https://example.org/oauth/?error=access_denied').kind, 'refused'));

  it('is nothing of that', () => {
    for (const text of ['', ' ', 'two words', 'https://example.org/oauth/', 'https://', '<b>x</b>'])
      assert.deepEqual(readPasted(text), { kind: 'none' });
  });
});

describe('the state', () => {
  it('is random, and long enough that nobody guesses it', () => {
    const states = new Set(Array.from({ length: 100 }, newState));
    assert.equal(states.size, 100);
    for (const state of states) assert.match(state, /^[\w-]{43}$/);
  });
});
