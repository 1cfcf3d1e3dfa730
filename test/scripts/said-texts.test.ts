import assert from 'node:assert/strict';
import { saidTexts } from '../../scripts/said-texts.ts';

const file = 'src/extension/form.ts';
const saying = "import { say, translate } from '../common/say.ts';\n";

describe('The texts for the translations', () => {
  it('are the literals that a file says', () => {
    const source = `${saying}const all = [say('Copied.'), say(\n  '{0} s', 3), form.say('none'), translate('none')];`;
    assert.deepEqual(saidTexts(file, source), { texts: ['Copied.', '{0} s'], problems: [] });
  });

  it('are the literals of words that are said later', () => {
    const source = "import { spoken, words } from '../common/words.ts';\nconst all = [words('No tunnel is open')];";
    assert.deepEqual(saidTexts(file, source), { texts: ['No tunnel is open'], problems: [] });
    assert.match(saidTexts(file, `${source} words(text)`).problems.join(), /use a literal text in words/);
  });

  it('have a value for each place, but for those that a page fills in', () => {
    for (const source of ["say('{0} s')", "say('{0} s', 1, 2)", "say('{0} of {1}', 1)", "say('none', 1)"])
      assert.match(saidTexts(file, saying + source).problems.join(), /use \d values for the places/, source);
    for (const source of ["say('{0} s', ...all)", "say('{0} of {0}', 1)"])
      assert.deepEqual(saidTexts(file, saying + source).problems, [], source);
    assert.deepEqual(saidTexts('src/extension/check/texts.ts', `${saying}say('{0} s')`).problems, []);
  });

  it('include no text that is put together, or said in another way', () => {
    for (const source of [
      'say(text)',
      "say('a' + b)",
      'say(`${a} s`)',
      "vscode.l10n.t('Copied.')",
      'l10n\n  .t(text)',
    ]) {
      const { texts, problems } = saidTexts(file, saying + source);
      assert.deepEqual([texts, problems.length], [[], 1], source);
      assert.ok(problems[0]?.startsWith(`${file}: use `), problems[0]);
    }
  });
});
