import { z } from 'zod';
import { isLoopback } from '../common/loopback.ts';
import { urlWithoutUser } from '../protocol/settings.ts';
import { urlOf } from './flags.ts';

const expected =
  'expected a port such as 3000, a port and a path such as 3000/callback, localhost:3000/callback, or a URL that begins with http:// or https://';

/**
 * A callback as people write it. A port means this machine, and so does a host without a scheme that is this machine:
 * what leaves it is encrypted or not as its user says, by https:// or http://.
 */
function whole(text: string, context: z.RefinementCtx<string>): string {
  if (/^https?:\/\//i.test(text)) return text;
  const short = /^:?\d+(?:[/?].*)?$/.test(text) ? `http://localhost:${text.replace(/^:/, '')}` : `http://${text}`;
  const isHere = !/[@\s]|:\/\//.test(text) && URL.canParse(short) && isLoopback(new URL(short).hostname);
  if (isHere) return short;
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}

/** The URL of a callback: `3000`, `3000/path`, `localhost:3000/path`, or a URL in full. */
export const callbackUrl: z.ZodType<string, string> = z
  .string()
  .transform(whole)
  .pipe(urlOf(urlWithoutUser('leave it out, and name credentials in the file of --config')));
