import { z } from 'zod';
import { say } from '../common/say.ts';

export type TestFailure =
  /** 404, 405 or 410: a server responds, but does not know the path. */
  | { readonly kind: 'wrong-address'; readonly httpStatus: number; readonly answer: string }
  /** 502, 503, 504 or 530: a tunnel or proxy responds for a relay that is not there. */
  | { readonly kind: 'relay-gone'; readonly httpStatus: number; readonly answer: string }
  /** 401, 403, 407 or 511: a tunnel or proxy asks for a sign-in. */
  | { readonly kind: 'guarded'; readonly httpStatus: number; readonly answer: string }
  /** 3xx, which is not followed. */
  | { readonly kind: 'redirected'; readonly httpStatus: number; readonly answer: string }
  | { readonly kind: 'answered'; readonly httpStatus: number; readonly answer: string }
  | { readonly kind: 'too-slow' }
  | { readonly kind: 'unknown-host' }
  | { readonly kind: 'not-reachable' }
  | { readonly kind: 'bad-certificate' }
  | { readonly kind: 'connection-lost' }
  /** With the vendor's own word, if it gave one. */
  | { readonly kind: 'unexplained'; readonly word: string | null; readonly message: string };

export function testFailureText(failure: TestFailure): string {
  if (failure.kind === 'unexplained') {
    const said = [failure.word ?? '', failure.message].filter((part) => part !== '').join(': ');
    return said === '' ? say('Campaign Monitor gave no reason') : said;
  }
  const status = 'httpStatus' in failure ? failure.httpStatus : '';
  return {
    'wrong-address': say('The server returned {0}: the path in the webhook’s URL is wrong', status),
    'relay-gone': say('A tunnel or proxy returned {0}: the server behind it isn’t available', status),
    guarded: say('A tunnel or proxy returned {0}: it denied access', status),
    redirected: say('The server returned {0}, a redirect that isn’t followed', status),
    answered: say('The server returned {0}', status),
    'too-slow': say('The request timed out'),
    'unknown-host': say('The host in the webhook’s URL doesn’t exist'),
    'not-reachable': say('Nothing is listening at the webhook’s URL'),
    'bad-certificate': say('The host’s certificate isn’t trusted'),
    'connection-lost': say('The connection closed before an answer arrived'),
  }[failure.kind];
}

const text = z.coerce.string().catch('').default('');

/** A number in one vendor model, a string in another [vendor/code]. */
const resultDataSchema = z.object({
  FailureStatus: text,
  FailureResponseMessage: text,
  FailureResponseCode: z.coerce.number().int().catch(0).default(0),
  FailureResponse: text,
});

/** `ProtocolError` is documented; the others are those of .NET's WebExceptionStatus, its origin [inferred]. */
const words: Readonly<Record<string, Exclude<TestFailure['kind'], 'answered' | 'unexplained'>>> = {
  timeout: 'too-slow',
  requestcanceled: 'too-slow',
  nameresolutionfailure: 'unknown-host',
  proxynameresolutionfailure: 'unknown-host',
  connectfailure: 'not-reachable',
  trustfailure: 'bad-certificate',
  securechannelfailure: 'bad-certificate',
  receivefailure: 'connection-lost',
  sendfailure: 'connection-lost',
  connectionclosed: 'connection-lost',
  keepalivefailure: 'connection-lost',
  serverprotocolviolation: 'connection-lost',
};

export function explainTestFailure(resultData: unknown): TestFailure {
  const parsed = resultDataSchema.safeParse(resultData);
  if (!parsed.success) return { kind: 'unexplained', word: null, message: '' };
  const { FailureStatus: word, FailureResponseMessage: message, FailureResponseCode: code } = parsed.data;
  if (code >= 100 && code <= 599) {
    return { kind: kindOfStatus(code), httpStatus: code, answer: parsed.data.FailureResponse };
  }
  const kind = words[word.toLowerCase().replace(/[^a-z]/g, '')];
  switch (kind) {
    case 'too-slow':
    case 'unknown-host':
    case 'not-reachable':
    case 'bad-certificate':
    case 'connection-lost':
      return { kind };
    default:
      return { kind: 'unexplained', word: word === '' ? null : word, message };
  }
}

function kindOfStatus(status: number): 'wrong-address' | 'relay-gone' | 'guarded' | 'redirected' | 'answered' {
  if ([404, 405, 410].includes(status)) return 'wrong-address';
  if ([502, 503, 504, 530].includes(status)) return 'relay-gone';
  if ([401, 403, 407, 511].includes(status)) return 'guarded';
  return status >= 300 && status < 400 ? 'redirected' : 'answered';
}
