/**
 * Builds the bundles into dist/: the CLI (cm-relay.js), the relay's own process (relay.js), the extension
 * (extension.cjs) with what it loads on demand (client.cjs), and the form's page (form.js).
 */
import { build } from 'esbuild';
import { chmod, mkdir, writeFile } from 'node:fs/promises';

/** Of zod's fifty languages the English alone: a third of the bundles would be the others. */
const englishZod = {
  name: 'english-zod',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
  },
};

/** The relay reads bodies itself: express's parsers, with their tables of every charset, would be a fifth of it. */
const noBodyParser = {
  name: 'no-body-parser',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]body-parser[\\/]index\.js$/ }, () => ({ contents: 'module.exports = {};' }));
  },
};

const common = {
  bundle: true,
  plugins: [englishZod],
  platform: 'node',
  target: 'node22.13',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};

/** `await import('./client.ts')` stays a load of its own, from the bundle beside. */
const clientApart = {
  name: 'client-apart',
  setup(builder) {
    builder.onResolve({ filter: /\/client\.ts$/ }, (found) => ({
      path: './client.cjs',
      external: found.kind === 'dynamic-import',
    }));
  },
};

await mkdir('dist', { recursive: true });

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
  build({
    ...common,
    define,
    entryPoints: ['src/relay/main.ts'],
    outfile: 'dist/relay.js',
    plugins: [englishZod, noBodyParser],
  }),
  // The extension, and what it loads when it is first used.
  build({
    ...common,
    entryPoints: ['src/extension/extension.ts'],
    outfile: 'dist/extension.cjs',
    external: ['vscode'],
    plugins: [englishZod, clientApart],
    supported: { 'dynamic-import': false },
  }),
  build({ ...common, entryPoints: ['src/extension/client.ts'], outfile: 'dist/client.cjs' }),
  // The form's page, which runs in a webview.
  build({
    ...common,
    entryPoints: ['src/form/page.ts'],
    outfile: 'dist/form.js',
    platform: 'browser',
    target: 'chrome134',
    format: 'iife',
    tsconfig: 'src/form/tsconfig.json',
  }),
  // The sources are ES modules; the bundles are not.
  writeFile('dist/package.json', '{ "type": "commonjs" }\n'),
]);
await chmod('dist/cm-relay.js', 0o755);
