import { z } from 'zod';
import { wholeCallbackUrl } from '../common/loopback.ts';
import { urlWithoutUser } from '../protocol/settings.ts';
import { urlOf } from './flags.ts';

const expected =
  'expected a port (3000), a port and path (3000/callback), localhost:3000/callback, or a URL that starts with http:// or https://';

function whole(text: string, context: z.RefinementCtx<string>): string {
  const url = wholeCallbackUrl(text);
  if (url !== undefined) return url;
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}

export const callbackUrl: z.ZodType<string, string> = z
  .string()
  .transform(whole)
  .pipe(urlOf(urlWithoutUser('leave it out, and set credentials in the --config file')));
