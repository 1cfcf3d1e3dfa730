import js from '@eslint/js';
import tseslint from 'typescript-eslint';
import arrows from './scripts/arrows.ts';

const vscodeOnlyInExtension = { name: 'vscode', message: "'vscode' is imported in src/extension alone." };
const expressOnlyInServers = { name: 'express', message: "'express' is imported in src/relay and src/sandbox alone." };

/** @param paths packages that are not for these files */
function restricted(...paths) {
  return { '@typescript-eslint/no-restricted-imports': ['error', { paths }] };
}

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
      // A third of the linter's time: there are no enums here, and private fields keep classes apart.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  { files: ['src/**/*.ts'], plugins: { house: { rules: { arrows } } }, rules: { 'house/arrows': 'error' } },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/extension/**', 'src/relay/**', 'src/sandbox/**'],
    rules: restricted(vscodeOnlyInExtension, expressOnlyInServers),
  },
  { files: ['src/relay/**/*.ts', 'src/sandbox/**/*.ts'], rules: restricted(vscodeOnlyInExtension) },
  {
    files: ['src/extension/**/*.ts'],
    ignores: ['src/extension/**/messages.ts', 'src/extension/settings.ts', 'src/extension/check/saved-results.ts'],
    rules: restricted(expressOnlyInServers, {
      name: 'zod',
      allowTypeImports: true,
      message: 'Only in what is loaded on demand, through deferred.ts.',
    }),
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
  {
    files: ['examples/**/*.js'],
    languageOptions: { globals: { AbortController: 'readonly', Buffer: 'readonly', TextDecoder: 'readonly' } },
    // Express tells an error handler by its four parameters.
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_' }] },
  },
);
