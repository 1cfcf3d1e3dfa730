import { z } from 'zod';

/** For parse calls: `schema.safeParse(input, { error: issueWords })`. @returns undefined if zod's message is as good */
export function issueWords(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${nouns[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return boundWords(issue.origin, String(issue.minimum), 'more', 'at least');
    case 'too_big':
      return boundWords(issue.origin, String(issue.maximum), 'less', 'at most');
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`;
    case 'invalid_union':
      return Array.isArray(issue['options']) ? `must be one of ${issue['options'].map(String).join(', ')}` : undefined;
    case 'invalid_key':
      return issue.issues.map(({ message }) => message).join('; ');
    case 'unrecognized_keys':
      return `unknown ${issue.keys.length === 1 ? 'key' : 'keys'} ${issue.keys.map((key) => `"${key}"`).join(', ')}`;
    default:
      return undefined;
  }
}

/** Such as `destinations[0].timeoutMs: must be 1 or more`. */
export function issuesText({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => (path.length === 0 ? message : `${z.core.toDotPath(path)}: ${message}`))
    .join('; ');
}

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

function boundWords(origin: string, bound: string, than: 'more' | 'less', most: 'at least' | 'at most'): string {
  if (origin === 'string') {
    return most === 'at least' && bound === '1'
      ? 'must not be empty'
      : `must have ${most} ${bound} ${bound === '1' ? 'character' : 'characters'}`;
  }
  if (origin === 'array' || origin === 'set')
    return `must have ${most} ${bound} ${bound === '1' ? 'entry' : 'entries'}`;
  return `must be ${bound} or ${than}`;
}
