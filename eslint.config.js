import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which rooms a room of src/ must not know (docs/architecture.md, "Rooms and arrows"). */
const forbidden = {
  common: ['campaign-monitor', 'open-connectors', 'relay', 'cli', 'sandbox', 'extension', 'form', 'export', 'protocol'],
  'campaign-monitor': ['open-connectors', 'relay', 'cli', 'sandbox', 'extension', 'form', 'export', 'protocol'],
  'open-connectors': ['campaign-monitor', 'relay', 'cli', 'sandbox', 'extension', 'form', 'export', 'protocol'],
  relay: ['cli', 'sandbox', 'extension', 'form', 'export'],
  export: ['relay', 'cli', 'sandbox', 'extension', 'form'],
  sandbox: ['relay', 'cli', 'extension', 'form', 'export'],
  extension: ['relay', 'cli', 'form'],
  protocol: ['campaign-monitor', 'open-connectors', 'relay', 'cli', 'sandbox', 'extension', 'form', 'export'],
  form: ['campaign-monitor', 'open-connectors', 'relay', 'cli', 'sandbox', 'export', 'protocol'],
};

/** Files of the extension that are loaded on demand, through client.ts: they alone may use what is heavy. */
const loadedOnDemand = [
  'client',
  'actions/{editable-body,export-items,sample-posts,test-file}',
  'documents/{content,masking}',
  'form/{fields,messages}',
  'instances/{creation,instance-text}',
].map((path) => `src/extension/${path}.ts`);

/** An import that climbs out of its room into one of `rooms`, `open` excepted. */
function arrows(rooms, open = []) {
  const except = open.length > 0 ? `(?!(?:${open.join('|')})\\.ts$)` : '';
  return {
    regex: `^(?:\\.\\./)+${except}(?:${rooms.join('|')})(?:/|\\.ts$)`,
    message: 'Arrows between the rooms point one way: see docs/architecture.md, "Rooms and arrows".',
  };
}

const vscodeOnlyInExtension = { name: 'vscode', message: "'vscode' is imported in src/extension alone." };
const expressOnlyInServers = { name: 'express', message: "'express' is imported in src/relay and src/sandbox alone." };

const rooms = Object.entries(forbidden).map(([room, others]) => ({
  files: [`src/${room}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        paths: [
          ...(room === 'extension' ? [] : [vscodeOnlyInExtension]),
          ...(room === 'relay' || room === 'sandbox' ? [] : [expressOnlyInServers]),
        ],
        patterns: [arrows(others)],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.cache/', '.vscode-test/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      'no-console': 'error',
    },
  },
  ...rooms,
  {
    // What VS Code loads at the start stays small: types alone of what brings zod and the vendors along.
    files: ['src/extension/**/*.ts'],
    ignores: loadedOnDemand,
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            expressOnlyInServers,
            { name: 'zod', allowTypeImports: true, message: 'Only in what is loaded on demand, through client.ts.' },
          ],
          patterns: [
            arrows(forbidden.extension),
            {
              regex:
                '^(?:\\.\\./)+(?:(?:protocol|export|sandbox|campaign-monitor)/|open-connectors/(?!instance-facts\\.ts$))',
              allowTypeImports: true,
              message:
                'Heavy: use it by `await import(\'./client.ts\')` (docs/architecture.md, "What is loaded when").',
            },
            { regex: '/client\\.ts$|^\\./client\\.ts$', allowTypeImports: true, message: 'By `await import()` only.' },
          ],
        },
      ],
    },
  },
  {
    // The form's page runs in a webview: of the extension it knows what both say to each other.
    files: ['src/form/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [vscodeOnlyInExtension, expressOnlyInServers],
          patterns: [
            arrows(forbidden.form),
            {
              regex: '/extension/(?!form/(?:messages|kept-fields)\\.ts$)',
              message: 'The page knows the messages and kept fields of extension/form alone.',
            },
          ],
        },
      ],
    },
  },
  {
    // The CLI starts the relay in its own process, and reads the store and what is remembered when none runs.
    files: ['src/cli/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [vscodeOnlyInExtension, expressOnlyInServers],
          patterns: [arrows(['relay', 'extension', 'form'], ['relay/relay', 'relay/history', 'relay/remembered'])],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts'],
    rules: {
      'no-console': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
    },
  },
  {
    files: ['**/*.mjs', '**/*.js', '**/*.cjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', require: 'readonly', module: 'writable' },
    },
  },
);
