import assert from 'node:assert/strict';
import { UsageError } from '../../src/cli/errors.ts';
import { secretIn } from '../../src/cli/secret-variable.ts';

describe('A secret in an environment variable', () => {
  const environment = { KEY: 'a key', EMPTY: '' };
  const refused = (name: string, says: RegExp): void =>
    assert.throws(
      () => secretIn(name, '--signature-key-env', environment),
      (error: unknown) => error instanceof UsageError && says.test(error.message),
    );

  it('is what the variable holds', () => assert.equal(secretIn('KEY', '--signature-key-env', environment), 'a key'));

  it('is refused by its name where that is not set, or empty', () => {
    refused('OTHER', /^--signature-key-env OTHER: environment variable OTHER is not set$/);
    refused('EMPTY', /^--signature-key-env EMPTY: environment variable EMPTY is (?:empty|not set)$/);
  });

  it('is not said back where it was given in place of a name', () => {
    refused('Tr0ub4dor&3+geheim/=', /^--signature-key-env \*{8}: not a valid environment variable name/);
  });
});
