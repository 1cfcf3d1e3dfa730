/**
 * `npm run pictures`: copies the README's pictures from where the workbench suite keeps them to media/pictures/. Those
 * are the ones whose name begins with `readme/`. Fails where the README shows one that the suite has not taken.
 */
import { copyFileSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, '.cache', 'pictures', 'readme');
const target = join(root, 'media', 'pictures');

const taken = globSync('*.png', { cwd: source });
if (taken.length === 0) {
  console.error(`There is no picture in ${source}: run \`npm run test:workbench\` first.`);
  process.exit(1);
}
mkdirSync(target, { recursive: true });
for (const name of taken) copyFileSync(join(source, name), join(target, name));
console.log(`Copied to media/pictures: ${taken.sort().join(', ')}`);

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const shown = [...readme.matchAll(/media\/pictures\/[\w.-]+\.png/g)].map(([path]) => basename(path));
const missing = shown.filter((name) => !taken.includes(name));
if (missing.length > 0) {
  console.error(`The README shows ${missing.join(', ')}, which the suite has not taken.`);
  process.exit(1);
}
