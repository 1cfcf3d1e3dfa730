import { format } from 'oxfmt';

/** Formats text that a script writes, as `npm run format` would. */
export async function formatFile(path: string, text: string): Promise<string> {
  const { code, errors } = await format(path, text, {
    printWidth: path.endsWith('package.json') || path.endsWith('package.nls.json') ? 80 : 120,
    proseWrap: path.endsWith('.md') ? 'always' : 'preserve',
  });
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  return code;
}
