import { z } from 'zod';
import { wholeCallbackUrl } from '../common/loopback.ts';
import { urlWithoutUser } from '../protocol/settings.ts';
import { urlOf } from './flags.ts';

const expected =
  'expected a port such as 3000, a port and a path such as 3000/callback, localhost:3000/callback, or a URL that begins with http:// or https://';

function whole(text: string, context: z.RefinementCtx<string>): string {
  const url = wholeCallbackUrl(text);
  if (url !== undefined) return url;
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}

/** The URL of a callback: `3000`, `3000/path`, `localhost:3000/path`, or a URL in full. */
export const callbackUrl: z.ZodType<string, string> = z
  .string()
  .transform(whole)
  .pipe(urlOf(urlWithoutUser('leave it out, and name credentials in the file of --config')));
