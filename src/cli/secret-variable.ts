/** Secrets in environment variables, whose names alone are given. */
import { maskedValue } from '../common/masking.ts';
import { UsageError } from './errors.ts';

/** Why an environment variable that holds nothing gives no secret. @param value what it holds */
export function whyMissing(value: string | undefined): string {
  return value === undefined ? 'is not set' : 'is empty';
}

/**
 * What an environment variable holds.
 * @param name the variable's; where it cannot be one, it may be the secret itself, and is not said back
 * @param who names it: a flag, or a place in a file
 * @throws UsageError where it is not set, or empty
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
