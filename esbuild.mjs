/** Builds the bundles into dist/: the CLI (cm-relay.js) and the relay's own process (relay.js), one file each. */
import { build } from 'esbuild';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node22.13',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

await rm('dist', { recursive: true, force: true });
await mkdir('dist');

// The history thread's code travels inside the bundle that starts it, so that the relay is one file.
const worker = await build({ ...common, entryPoints: ['src/relay/history-worker.ts'], write: false });
const define = {
  HISTORY_WORKER_SOURCE: JSON.stringify(worker.outputFiles[0].text),
  // Only the branch for running from sources asks for it.
  'import.meta.url': '"file:///"',
};

await Promise.all([
  build({
    ...common,
    define,
    entryPoints: ['src/cli/cm-relay.ts'],
    outfile: 'dist/cm-relay.js',
  }),
  build({ ...common, define, entryPoints: ['src/relay/main.ts'], outfile: 'dist/relay.js' }),
  // The sources are ES modules; the bundles are not.
  writeFile('dist/package.json', '{ "type": "commonjs" }\n'),
]);
await chmod('dist/cm-relay.js', 0o755);
