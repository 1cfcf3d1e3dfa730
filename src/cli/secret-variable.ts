import { maskedValue } from '../common/masking.ts';
import { UsageError } from './errors.ts';

export function whyMissing(value: string | undefined): string {
  return value === undefined ? 'is not set' : 'is empty';
}

/**
 * @param name an invalid one may be the secret itself, so errors don't repeat it
 * @param who the flag, or the place in a file, that names the variable
 * @throws UsageError if the variable is not set or empty
 */
export function secretIn(name: string, who: string, environment: NodeJS.ProcessEnv): string {
  const value = environment[name];
  if (value !== undefined && value !== '') return value;
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new UsageError(
      `${who} ${maskedValue}: not a valid environment variable name`,
      'Put the secret in an environment variable and give its name. This keeps the secret out of command lines and files.',
    );
  }
  throw new UsageError(
    `${who} ${name}: environment variable ${name} ${whyMissing(value)}`,
    'Set the variable before you run the command. Giving only its name keeps the secret out of command lines and files.',
  );
}
