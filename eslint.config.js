import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Which rooms a room of src/ must not know (docs/architecture.md, "Rooms and arrows"). */
const forbidden = {
  'campaign-monitor': ['open-connectors', 'relay', 'cli', 'sandbox', 'extension', 'export', 'protocol'],
  'open-connectors': ['campaign-monitor', 'relay', 'cli', 'sandbox', 'extension', 'export', 'protocol'],
  relay: ['cli', 'sandbox', 'extension', 'export'],
  export: ['relay', 'cli', 'sandbox', 'extension'],
  sandbox: ['relay', 'cli', 'extension', 'export'],
  extension: ['relay', 'cli'],
  form: ['campaign-monitor', 'open-connectors', 'relay', 'cli', 'sandbox', 'export', 'protocol', 'endpoint'],
};

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
    // The CLI starts the relay in its own process, and reads the store and what is remembered when none runs.
    files: ['src/cli/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [vscodeOnlyInExtension, expressOnlyInServers],
          patterns: [arrows(['relay', 'extension'], ['relay/relay', 'relay/history', 'relay/remembered'])],
        },
      ],
    },
  },
  {
    files: ['src/protocol.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [vscodeOnlyInExtension, expressOnlyInServers],
          patterns: [
            {
              regex: '^\\./(?:relay|cli|sandbox|extension|export)/',
              message: 'protocol.ts knows none of the rooms that use it.',
            },
          ],
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
