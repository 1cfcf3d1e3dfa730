/**
 * `npm run pictures`: copies the pictures that the README and docs/ show from where the long form of the workbench suite
 * keeps them to docs/pictures/. Fails where one has not been taken, and where a document shows one that is not listed here.
 */
import { copyFileSync, existsSync, globSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const source = join(root, '.cache', 'pictures');
const target = join(root, 'docs', 'pictures');

/** The name in docs/pictures, and the picture of the suite that it is. */
const pictures: Readonly<Record<string, string>> = {
  'events.png': 'readme/events',
  'event.png': 'event-editor/resent',
  'event-failed.png': 'event-editor/failed-dark',
  'table.png': 'table/rows',
  'held.png': 'held/table-dark',
  'answering.png': 'answering/on-purpose',
  'compare.png': 'documents/compare-with-notification',
  'relay.png': 'relay-control/status',
  'debugger.png': 'debugging/stopped',
  'credential-question.png': 'relay-control/credential-question',
  'check.png': 'check/failed',
  'scenarios.png': 'check/scenarios',
  'instances.png': 'readme/instances',
  'queue.png': 'instances/queue',
  'webhooks.png': 'readme/webhooks',
  'choose-tunnel.png': 'tunnels/choose',
  'loop-form.png': 'loop/form',
  'loop-consent.png': 'loop/consent',
  'loop-created.png': 'loop/created',
  'loop-event.png': 'loop/event',
};

const problems: string[] = [];
mkdirSync(target, { recursive: true });
for (const [name, picture] of Object.entries(pictures)) {
  const file = join(source, `${picture}.png`);
  if (existsSync(file)) copyFileSync(file, join(target, name));
  else problems.push(`${picture}: not taken; run \`npm run test:long -- workbench\` first`);
}
for (const document of ['README.md', ...globSync('docs/*.md', { cwd: root })]) {
  for (const [, name = ''] of readFileSync(join(root, document), 'utf8').matchAll(/pictures\/([\w.-]+\.png)/g))
    if (!(name in pictures)) problems.push(`${name}: used in ${document}, but not listed in scripts/pictures.ts`);
}
for (const problem of problems) console.error(problem);
if (problems.length === 0) console.log(`Copied to docs/pictures: ${Object.keys(pictures).join(', ')}`);
process.exitCode = problems.length > 0 ? 1 : 0;
