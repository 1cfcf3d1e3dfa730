import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { countRuns, itLong } from '../long.ts';
import { hookSecret } from '../../src/common/hook-path.ts';
import { maskedValue, maskPlaces, SecretMask, credentialParts, maskOfCredentials } from '../../src/common/masking.ts';
import type { MaskOptions } from '../../src/common/masking.ts';

const maskValues = (text: string, secrets: string[], options?: MaskOptions): string =>
  new SecretMask(secrets).in(text, options);

/** Decides, character by character, which of several ways is taken. */
type Dice = () => number;
type Way = (text: string, dice: Dice) => string;

const hexOf = (code: number, digits: number, dice: Dice): string =>
  Array.from(code.toString(16).padStart(digits, '0'))
    .map((digit) => (dice() % 2 ? digit : digit.toUpperCase()))
    .join('');
const units = (character: string): number[] => character.split('').map((unit) => unit.charCodeAt(0));
const escapedUnits = (character: string, dice: Dice): string =>
  units(character)
    .map((unit) => `\\u${hexOf(unit, 4, dice)}`)
    .join('');
const percent = (character: string, dice: Dice): string =>
  [...Buffer.from(character)].map((byte) => `%${hexOf(byte, 2, dice)}`).join('');

const short: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** What must be escaped is, and of the rest what the dice choose. */
function each(escape: (character: string, dice: Dice) => string, isPlain: RegExp): Way {
  return (text, dice) =>
    Array.from(text, (character) =>
      isPlain.test(character) && dice() % 3 > 0 ? character : escape(character, dice),
    ).join('');
}

const ways: Record<string, Way> = {
  'as it is': (text) => text,
  'percent-encoded': each(percent, /^[\w.~!*'()/:@=,;$&+-]$/),
  'as a form': each((character, dice) => (character === ' ' ? '+' : percent(character, dice)), /^[\w.*-]$/),
  'for JSON': each(
    (character, dice) =>
      dice() % 2 ? escapedUnits(character, dice) : (short[character] ?? escapedUnits(character, dice)),
    /^[^"\\\p{Cc}]$/u,
  ),
  'for HTML': each((character, dice) => {
    const code = character.codePointAt(0)!;
    const [decimal, hex] = [
      `&#${'0'.repeat(dice() % 3)}${code};`,
      `&#${dice() % 2 ? 'x' : 'X'}${hexOf(code, 2, dice)};`,
    ];
    return (dice() % 2 ? entities[character] : undefined) ?? (dice() % 2 ? decimal : hex);
  }, /^[^&<>"'\p{Cs}]$/u),
  'for JavaScript': each(
    (character, dice) =>
      character.codePointAt(0)! < 256 ? `\\x${hexOf(character.charCodeAt(0), 2, dice)}` : escapedUnits(character, dice),
    /^[^"'\\\p{Cc}]$/u,
  ),
};

const oneOf = (characters: string): fc.Arbitrary<string> => fc.constantFrom(...Array.from(characters));
const way = fc.constantFrom(...Object.keys(ways));
const dice = fc.infiniteStream(fc.nat(1000)).map(
  (stream): Dice =>
    () =>
      stream.next().value as number,
);
/** No asterisks, which a mask is made of. */
const secret = fc
  .oneof(
    fc.string({ minLength: 6, maxLength: 30 }),
    fc.string({ minLength: 6, maxLength: 30, unit: 'binary' }),
    fc.string({ minLength: 6, maxLength: 30, unit: oneOf('%2fF5\\u0&#;+ x/"é😀') }),
  )
  .filter((text) => !text.includes('*'));
/** Of these no form of a secret is made. */
const apart = fc.string({ maxLength: 12, unit: oneOf('ΑΒΓ αβγ') });

const written = fc.tuple(secret, way, way, dice).map(([text, first, second, next]) => {
  const write = (part: string): string => ways[second]!(ways[first]!(part, next), next);
  return { text, how: `${first}, ${second}`, as: write(text), write };
});

describe('the masking of known secrets', () => {
  it('masks one however it is written, and nothing beside it', () => {
    fc.assert(
      fc.property(written, apart, apart, ({ text, how, as }, before, after) => {
        fc.pre(!/[ΑΒΓαβγ]/.test(text) && text.trim() === text);
        const masked = maskValues(`${before}Α${as}Α${after}`, [text]);
        assert.equal(masked, `${before}Α${maskedValue}Α${after}`, how);
        const bytes = new SecretMask([text]).inBytes(Buffer.from(`${before}Α${as}Α${after}`));
        assert.equal(bytes.toString(), `${before}Α${maskedValue}Α${after}`, how);
      }),
      { numRuns: countRuns(1000) },
    );
  });

  it('masks one in the base64 of what holds it, also escaped', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 6, maxLength: 30, unit: 'binary' }),
        fc.string({ maxLength: 6 }),
        fc.string({ maxLength: 6 }),
        fc.constantFrom<BufferEncoding>('base64', 'base64url'),
        way,
        dice,
        (text, before, after, encoding, outer, next) => {
          const whole = Buffer.from(before + text + after);
          const as = ways[outer]!(whole.toString(encoding), next);
          const masked = maskValues(`Basic ${as}!`, [text]);
          const [left = '', right = ''] = masked.slice(6, -1).split(maskedValue);
          assert.ok(masked.includes(maskedValue), as);
          // What is left was made of what stands beside it.
          assert.ok(as.startsWith(left) && as.endsWith(right), masked);
          const plain = (part: string): number => ways['as it is']!(part, next).length;
          if (outer !== 'as it is') return;
          assert.ok(plain(left) <= Math.floor((8 * Buffer.byteLength(before)) / 6), masked);
          assert.ok(plain(right) <= Math.ceil((8 * Buffer.byteLength(after)) / 6) + 2, masked);
        },
      ),
      { numRuns: countRuns(500) },
    );
  });

  it('masks one in the hexadecimal of what holds it, in digits of either case, also escaped', () => {
    const part = fc.string({ maxLength: 6 });
    const text = fc.string({ minLength: 4, maxLength: 30, unit: 'binary' });
    fc.assert(
      fc.property(text, part, part, way, way, dice, (value, before, after, first, second, next) => {
        const isUpper = next() % 2 === 0;
        const digits = (of: string): string => {
          const hex = Buffer.from(of).toString('hex');
          return isUpper ? hex.toUpperCase() : hex;
        };
        const [left, as, right] = [digits(before), digits(value), digits(after)];
        const masked = maskValues(ways[second]!(ways[first]!(`${left}${as}${right}`, next), next), [value]);
        assert.ok(masked.includes(maskedValue), as);
        if (first === 'as it is' && second === first) assert.ok(!masked.includes(as), masked);
      }),
      { numRuns: countRuns(500) },
    );
  });

  itLong('masks 8 MiB that are made of escapes in little memory', function () {
    this.timeout(600_000);
    const module = join(import.meta.dirname, '../../src/common/masking.ts');
    const program = `
      import { maskPlaces, SecretMask } from ${JSON.stringify(pathToFileURL(module).href)};
      const mask = new SecretMask(['Ab/Cd+Ef-secret%%', '%'.repeat(50)]);
      const hook = { pattern: /hooks\\/(?<secret>\\w{8,})/dg };
      const of = (piece) => piece.repeat(Math.ceil(8_388_608 / piece.length));
      console.log(mask.in(of('\\\\u005c')).length > 0, maskPlaces(of('%2561'), [hook]).length > 0);
    `;
    const flags = ['--max-old-space-size=400', '--input-type=module-typescript', '--eval', program];
    const { stdout, stderr } = spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 600_000 });
    assert.equal(stdout, 'true true\n', stderr.slice(0, 500));
  });

  it('leaves a text alone that holds none', () => {
    const text = fc.string({ maxLength: 200, unit: oneOf('%25fFu0&#;x+\\ ') });
    const other = fc.string({ minLength: 6, maxLength: 20, unit: oneOf('ZzQq') });
    fc.assert(
      fc.property(text, other, (given, none) => {
        assert.equal(maskValues(given, [none]), given);
        const bytes = Buffer.from(given);
        assert.equal(new SecretMask([none]).inBytes(bytes), bytes);
      }),
    );
    assert.equal(maskValues('Ab%2gCd Ab%2 Ab/cd ab%2fcd', ['Ab/Cd']), 'Ab%2gCd Ab%2 Ab/cd ab%2fcd');
    assert.equal(maskValues('anything', ['', 'nothing']), 'anything');
  });

  it('masks the beginning of one where the text was cut off', () => {
    for (const end of ['Ab/Cd', 'Ab%2fCd', 'Ab%2fC%', 'Ab%2fC%6', 'Ab\\u002fCd\\u00', 'Ab/C&#x6', 'Ab%252FCd']) {
      assert.equal(maskValues(`x ${end}`, ['Ab/Cd+Ef'], { cut: true }), `x ${maskedValue}`, end);
      assert.equal(maskValues(`x ${end}`, ['Ab/Cd+Ef']), `x ${end}`);
    }
    assert.equal(maskValues('Ab/', ['Ab/Cd+Ef'], { cut: true }), 'Ab/');
  });

  it('comes to an end, whatever the text is made of', () => {
    const text = (piece: string): string => piece.repeat(Math.ceil(65_536 / piece.length));
    for (const piece of ['%', '%25', '\\', '\\\\u005c', '&#', '&amp;', '&#0000000', '+', 'a', '%2561']) {
      for (const value of ['%'.repeat(50), '\\'.repeat(50), `${'a'.repeat(4000)}b`, `${'%25'.repeat(20)}x`]) {
        assert.ok(maskValues(text(piece), [value]).length > 0);
      }
    }
  });
});

describe('the masking of places', () => {
  const hidden = '0123456789abcdef0123456789abcdef';

  it('masks what stands there, however the text is escaped', () => {
    fc.assert(
      fc.property(way, way, dice, (first, second, next) => {
        const url = `https://relay.example.org/hooks/${hidden}/campaign-monitor`;
        const as = ways[second]!(ways[first]!(url, next), next);
        const masked = maskPlaces(`Α ${as} Ω`, [hookSecret]);
        assert.ok(masked.includes(maskedValue), as);
        const whole = maskValues(masked, [hidden]);
        assert.equal(whole, masked, 'nothing is left of it');
        assert.ok(masked.startsWith('Α ') && masked.endsWith(' Ω'), masked);
      }),
      { numRuns: countRuns(500) },
    );
  });
});

describe('The parts of a credential', () => {
  it('are what stands behind a scheme, and what Basic holds', () => {
    assert.deepEqual(credentialParts('Bearer abcd-1'), ['Bearer abcd-1', 'abcd-1']);
    const basic = `Basic ${Buffer.from('jane:horse-staple').toString('base64')}`;
    assert.deepEqual(credentialParts(basic), [basic, basic.slice(6), 'jane:horse-staple', 'horse-staple']);
    assert.deepEqual(credentialParts('User u-secret=, Organization o-secret'), [
      'User u-secret=, Organization o-secret',
      'u-secret=',
      'o-secret',
    ]);
  });

  it('are the key where Basic has one in place of a name, as Campaign Monitor takes it', () => {
    const key = '0123456789abcdef0123456789abcdef';
    for (const password of ['', 'x']) {
      const basic = `Basic ${Buffer.from(`${key}:${password}`).toString('base64')}`;
      assert.deepEqual(credentialParts(basic), [basic, basic.slice(6), `${key}:${password}`, key]);
    }
    const named = `Basic ${Buffer.from('jane:x').toString('base64')}`;
    assert.ok(!credentialParts(named).includes('jane'));
  });

  it('are no words of a key of several words, which stand in every report', () => {
    assert.deepEqual(credentialParts('the key of this test'), ['the key of this test']);
    const mask = maskOfCredentials(['the key of this test']);
    assert.equal(mask.in('a test of this key'), 'a test of this key');
    assert.ok(!mask.in('said: the key of this test').includes('this'));
  });

  it('are none of a key, which has no scheme: one of two words', () => {
    const mask = maskOfCredentials(['Bearer abcd-1'], ['contact count']);
    assert.equal(mask.in('{"count":1,"contact":"abcd-1"}'), `{"count":1,"contact":"${maskedValue}"}`);
    assert.equal(mask.in('said: contact count'), `said: ${maskedValue}`);
  });
});
