/** The texts that a source file says, for the translations: the literals of `say` and `words`, src/common. */
import ts from 'typescript';

/** @returns the texts, and where one is no literal or is said in another way */
export function saidTexts(file: string, source: string): { texts: string[]; problems: string[] } {
  const texts: string[] = [];
  const problems: string[] = [];
  const says = ['say', 'words'].filter((name) =>
    new RegExp(`^import \\{ [^}]*\\b${name}\\b[^}]* \\} from '.*common/${name}\\.ts';`, 'm').test(source),
  );
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const callee = node.expression.getText().replaceAll(/\s/g, '');
      const [text, ...values] = node.arguments;
      if (/(^|\.)l10n\.t$/.test(callee) && file !== 'src/extension/extension.ts')
        problems.push(`${file}: use say, of src/common/say.ts: ${node.getText()}`);
      if (says.includes(callee)) {
        if (text !== undefined && ts.isStringLiteralLike(text)) {
          texts.push(text.text);
          const places = new Set(text.text.match(/\{\d\}/g)).size;
          // A page fills in its texts itself.
          const isOfPage = values.length === 0 && file.endsWith('/texts.ts');
          if (values.length !== places && !isOfPage && !values.some(ts.isSpreadElement))
            problems.push(`${file}: use ${places} values for the places of the text: ${node.getText()}`);
        } else problems.push(`${file}: use a literal text in ${callee}: ${node.getText()}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, source, ts.ScriptTarget.ES2023, true));
  return { texts, problems };
}
