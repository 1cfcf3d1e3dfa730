/**
 * Builds the bundles into dist/, or the folder named as argument: the program (cm-relay.js), which is the CLI and the
 * relay's own process, with its part for assistants beside it (cm-relay-mcp.js), the extension (extension/extension.mjs
 * with what it loads on demand beside it), and the pages (form.js, …). Beside them it writes what they are made of
 * (bundled.json) and under which licenses that is. With `--source-maps` the extension can be debugged in its sources.
 */
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundledFile, bundledOf, bundledPackages } from './scripts/bundled.ts';
import { licensesFile, thirdPartyLicenses } from './scripts/third-party-licenses.ts';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'source-maps': { type: 'boolean', default: false } },
});
const [out = 'dist'] = positionals;

/** The oldest Node.js that the program runs with: `22.13`. */
const leastNode = JSON.parse(await readFile(join(import.meta.dirname, 'package.json'), 'utf8')).engines.node.slice(2);

/**
 * Of zod's fifty languages the English alone: a third of the bundles would be the others. And nothing that makes schemas of
 * JSON schemas, which nobody asks for.
 */
const littleZod = {
  name: 'little-zod',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
    builder.onLoad({ filter: /[\\/]zod[\\/]v4[\\/]classic[\\/]from-json-schema\.js$/ }, () => ({
      contents: "export const fromJSONSchema = () => { throw new Error('no JSON schema is read here'); };",
    }));
  },
};

/** The sandbox reads UTF-8 alone: the tables of every other charset would be a quarter of the CLI. */
const utf8Alone = {
  name: 'utf8-alone',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]iconv-lite[\\/]lib[\\/]index\.js$/ }, () => ({
      contents: `
        const { StringDecoder } = require('node:string_decoder');
        exports.encodingExists = (name) => /^utf-?8$/i.test(name);
        exports.decode = (bytes) => bytes.toString('utf8');
        exports.getDecoder = (name) => {
          if (!exports.encodingExists(name)) throw new Error('Encoding not recognized: ' + name);
          return new StringDecoder('utf8');
        };`,
    }));
  },
};

/** Of package.json the version alone is asked for. */
const versionAlone = {
  name: 'version-alone',
  setup(builder) {
    const path = join(import.meta.dirname, 'package.json');
    builder.onLoad({ filter: /[\\/]package\.json$/ }, async (found) => {
      if (found.path !== path) return undefined;
      const { version } = JSON.parse(await readFile(path, 'utf8'));
      return { contents: JSON.stringify({ version }), loader: 'json' };
    });
  },
};

/** Of the thousands of media types those that the servers answer with. */
const fewTypes = {
  name: 'few-types',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]mime-db[\\/]db\.json$/ }, async ({ path }) => {
      const few = /^(?:text\/(?:html|plain|css|xml)|application\/(?:json|xml|octet-stream|x-www-form-urlencoded))$/;
      const kept = Object.entries(JSON.parse(await readFile(path, 'utf8'))).filter(([type]) => few.test(type));
      return { contents: JSON.stringify(Object.fromEntries(kept)), loader: 'json' };
    });
  },
};

/** express's `debug` takes colors from a package that it does not name, where some other tool has it installed. */
const nothingUnnamed = {
  name: 'nothing-unnamed',
  setup(builder) {
    builder.onResolve({ filter: /^supports-color$/ }, ({ path }) => ({ path, namespace: 'left-out' }));
    builder.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({ contents: 'module.exports = {};' }));
  },
};

/**
 * Of undici what is asked for, when it is asked for: it is a third of what a relay would load at its start, and many
 * forward nothing. `fetch` and `request` come with all the rest.
 */
const undiciWhenNeeded = {
  name: 'undici-when-needed',
  setup(builder) {
    const index = /[\\/]undici[\\/]index\.js$/;
    builder.onResolve({ filter: /^undici-whole$/ }, ({ importer }) => ({ path: importer, suffix: '?whole' }));
    builder.onLoad({ filter: index }, async ({ path, suffix }) => {
      if (suffix !== '') return undefined;
      const text = await readFile(path, 'utf8');
      const names = (pattern) => [...text.matchAll(pattern)].map(([, ...groups]) => groups);
      const parts = new Map(names(/^const (\w+) = require\('(\.\/lib\/[^']+)'\)/gm));
      const exported = names(/^module\.exports\.(\w+) = (\w+)?/gm);
      if (parts.size === 0 || exported.length === 0) throw new Error(`${path} is not written as it was`);
      const getters = exported.map(([name, value]) => {
        const part = parts.get(value);
        return `get ${name}() { return ${part === undefined ? `require('undici-whole').${name}` : `require('${part}')`}; }`;
      });
      return { contents: `module.exports = { ${getters.join(', ')} };` };
    });
  },
};

/**
 * undici brings its parser twice, with SIMD and without, and hardly anything of it can be compressed. Every machine that
 * VS Code runs on has SIMD; undici itself asks for the other one on ppc64 alone, or where this one fails.
 */
const parserOnce = {
  name: 'parser-once',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]undici[\\/]lib[\\/]llhttp[\\/]llhttp-wasm\.js$/ }, () => ({
      contents: "module.exports = require('./llhttp_simd-wasm.js');",
    }));
  },
};

const common = {
  bundle: true,
  plugins: [littleZod, versionAlone, fewTypes, nothingUnnamed, undiciWhenNeeded, parserOnce],
  platform: 'node',
  target: 'node22.13',
  format: 'cjs',
  minify: true,
  // Their licenses stand together in a file of their own.
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
};

/**
 * A program that keeps its compiled code beside it (src/relay/compiled-program.ts): its bundle travels as text in one
 * that runs it. As ASCII, which V8 holds in half the memory and reads twice as fast.
 * @param keeps a JavaScript expression: whether this run keeps it
 */
function keepingCompiled(keeps) {
  return {
    name: 'keeping-compiled',
    setup(builder) {
      const { outfile } = builder.initialOptions;
      Object.assign(builder.initialOptions, { write: false, charset: 'ascii' });
      builder.onEnd(async ({ outputFiles }) => {
        const [program] = outputFiles ?? [];
        if (program === undefined) return;
        const source = program.text.replace(/^#!.*\n/, '');
        const digest = createHash('sha256').update(source).digest('hex').slice(0, 16);
        const runner = await build({
          ...common,
          // An old Node.js is to say that it is too old, not that it cannot read this.
          target: 'node14.18',
          metafile: false,
          charset: 'ascii',
          write: false,
          banner: { js: '#!/usr/bin/env node' },
          define: { SOURCE: JSON.stringify(source) },
          stdin: {
            contents: `import { tooOld } from './src/cli/supported-node.ts';
              import { run } from './src/relay/compiled-program.ts';
              const problem = tooOld(process.version, ${JSON.stringify(leastNode)});
              if (problem === null) run({ file: __filename, source: SOURCE, digest: '${digest}', require, module }, ${keeps});
              else {
                process.stderr.write(problem);
                process.exitCode = 1;
              }`,
            resolveDir: import.meta.dirname,
          },
        });
        await writeFile(outfile, runner.outputFiles[0].contents);
      });
    },
  };
}

/** What serves an assistant is a bundle of its own beside the CLI's: it is a quarter of that, and one command needs it. */
const assistantBeside = {
  name: 'assistant-beside',
  setup(builder) {
    builder.onResolve({ filter: /^\.\.\/mcp\/server\.ts$/ }, () => ({ path: './cm-relay-mcp.js', external: true }));
  },
};

/**
 * The server's tools are checked by zod. What its library has for schemas that an assistant is asked by is ajv, which it
 * holds without naming it, and half of the bundle: nobody is asked here.
 */
const noAjv = {
  name: 'no-ajv',
  setup(builder) {
    builder.onResolve({ filter: /^@modelcontextprotocol\/server\/_shims$/ }, ({ path }) => ({
      path,
      namespace: 'no-ajv',
    }));
    builder.onLoad({ filter: /.*/, namespace: 'no-ajv' }, () => ({
      contents: `
        import process from 'node:process';
        class DefaultJsonSchemaValidator {
          getValidator() { throw new Error('no JSON schema is checked here'); }
        }
        export { DefaultJsonSchemaValidator, process };`,
    }));
  },
};

/** Libraries that are CommonJS ask for `require`, which an ES module does not have: given where it is asked for. */
const requireWhereNeeded = {
  name: 'require-where-needed',
  setup(builder) {
    builder.initialOptions.write = false;
    builder.onEnd(async ({ outputFiles }) => {
      for (const { path, text } of outputFiles ?? []) {
        const line =
          path.endsWith('.mjs') && text.includes('Dynamic require of')
            ? 'import{createRequire as _r}from"node:module";const require=_r(import.meta.url);'
            : '';
        await writeFile(path, line + text);
      }
    });
  },
};

// Names of parts contain a hash: those of an earlier build would stay.
await rm(join(out, 'extension'), { recursive: true, force: true });
await mkdir(join(out, 'extension'), { recursive: true });

// The history thread's code travels inside the bundle that starts it, so that the relay is one file.
const worker = await build({ ...common, entryPoints: ['src/relay/history/history-worker.ts'], write: false });
const define = {
  HISTORY_WORKER_SOURCE: JSON.stringify(worker.outputFiles[0].text),
  // Only the branch for running from sources asks for it.
  'import.meta.url': '"file:///"',
};

/** Our pages in webviews, by their folders. */
const pages = ['form', 'editor', 'table', 'check'];

const [program, assistant, extension, ...ofPages] = await Promise.all([
  build({
    ...common,
    define,
    entryPoints: ['src/cli/cm-relay.ts'],
    outfile: join(out, 'cm-relay.js'),
    // What is outside of it is asked for by `require`: V8 runs the program by a way of its own, which has no `import()`.
    supported: { 'dynamic-import': false },
    // Other commands are short, and need little of it.
    plugins: [
      ...common.plugins,
      utf8Alone,
      assistantBeside,
      keepingCompiled("['listen', 'relay-process'].includes(process.argv[2])"),
    ],
  }),
  build({
    ...common,
    entryPoints: ['src/cli/mcp/server.ts'],
    outfile: join(out, 'cm-relay-mcp.js'),
    plugins: [...common.plugins, noAjv],
  }),
  // The extension: each `await import()` of its code is a part that is loaded when it is first used.
  build({
    ...common,
    entryPoints: ['src/extension/extension.ts'],
    outdir: join(out, 'extension'),
    format: 'esm',
    splitting: true,
    outExtension: { '.js': '.mjs' },
    chunkNames: '[name]-[hash]',
    external: ['vscode'],
    plugins: [...common.plugins, requireWhereNeeded],
    // For breakpoints in src/extension.
    ...(flags['source-maps'] && { minify: false, sourcemap: 'linked' }),
  }),
  // The pages, which run in webviews.
  ...pages.map((page) =>
    build({
      ...common,
      entryPoints: [`src/pages/${page}/page.ts`],
      outfile: join(out, `${page}.js`),
      platform: 'browser',
      target: 'chrome134',
      format: 'iife',
      tsconfig: 'src/pages/tsconfig.json',
    }),
  ),
]);
// The sources are ES modules; the bundles named .js are not.
await writeFile(join(out, 'package.json'), '{ "type": "commonjs" }\n');
await chmod(join(out, 'cm-relay.js'), 0o755);

const bundled = bundledOf({
  'cm-relay.js': [program.metafile, worker.metafile],
  'cm-relay-mcp.js': [assistant.metafile],
  extension: [extension.metafile],
  ...Object.fromEntries(pages.map((page, index) => [`${page}.js`, [ofPages[index].metafile]])),
});
await writeFile(join(out, bundledFile), `${JSON.stringify(bundled, null, 2)}\n`);
await writeFile(join(out, licensesFile), thirdPartyLicenses(bundledPackages(import.meta.dirname, bundled)));
