import { createHmac } from 'node:crypto';
import { say } from '../common/say.ts';
import { parseJson, structureOf } from '../common/parse-json.ts';
import { sign, signatureHeader } from '../open-connectors/signature.ts';
import { megabytes, mostHeldBytes } from './budget.ts';
import type { Delivery, Message } from './messages.ts';
import { signatureFaults, type Fault } from './scenario.ts';
import { CheckError } from './check-error.ts';

export class NoKeyError extends CheckError {
  override readonly name = 'NoKeyError';
  constructor(fault: string) {
    super(say('{0} requires a signature key, but no key was provided', fault));
  }
}

const aboutSignatures: ReadonlySet<Fault> = new Set(signatureFaults);

const shownLength = 'sha256='.length + 9;

const indent = 3;

export function partSizeOf(faults: readonly Fault[]): number | undefined {
  if (faults.includes('split')) return 1;
  return faults.includes('merged') ? 1000 : undefined;
}

export function multipliedBy(faults: readonly Fault[]): { readonly requests: number; readonly changed: number } {
  const requests = 2 ** faults.filter((each) => each === 'twice').length;
  return { requests, changed: faults.includes('tampered') ? requests : 0 };
}

export function deliveriesWith(deliveries: readonly Delivery[], faults: readonly Fault[]): readonly Delivery[] {
  if (!faults.includes('escaped')) return deliveries;
  let made = 0;
  return deliveries.map((delivery) => {
    const written = escapedDelivery(delivery);
    made += written.body.byteLength;
    if (made > mostHeldBytes) throw tooMuchEscaped(say('more than {0}', megabytes(mostHeldBytes)));
    return written;
  });
}

function tooMuchEscaped(much: string): CheckError {
  return new CheckError(
    say(
      '"escaped" could expand the delivery to {0}; the limit is {1}. Use a smaller delivery.',
      much,
      megabytes(mostHeldBytes),
    ),
  );
}

function escapedDelivery(delivery: Delivery): Delivery {
  const text = delivery.body.toString();
  const { values, depth } = structureOf(text);
  // Six characters for one, and each value and each end of one on its own line.
  const most = 6 * text.length + 2 * values * (indent * depth + 2);
  if (most > mostHeldBytes) throw tooMuchEscaped(megabytes(most));
  const value = parseJson(text, Infinity);
  if (value === undefined) return delivery;
  const escaped = JSON.stringify(value, null, indent).replace(
    /[^\n\x20-\x7e]|[/<>&]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`,
  );
  return { ...delivery, body: Buffer.from(escaped) };
}

export function withFaults(
  messages: readonly Message[],
  faults: readonly Fault[],
  signatureKey: string | undefined,
): Message[] {
  return faults.reduce<Message[]>(
    (all, fault) => {
      if (signatureKey === undefined && aboutSignatures.has(fault)) throw new NoKeyError(JSON.stringify(fault));
      return withFault(all, fault, signatureKey ?? '');
    },
    [...messages],
  );
}

function withFault(messages: Message[], fault: Fault, key: string): Message[] {
  if (typeof fault === 'object') {
    if ('slow' in fault) return messages.map((each) => ({ ...each, manner: { kind: 'slow', ms: fault.slow } }));
    const [first, ...others] = messages;
    return first === undefined ? [] : [...others, { ...labeled(first, say('late')), afterMs: fault.late }];
  }
  switch (fault) {
    case 'twice':
      return messages.flatMap((each) => [each, labeled(each, say('again'))]);
    case 'reordered':
      return messages.toReversed();
    case 'merged':
    case 'split':
    case 'escaped':
      // Applied when they were created: partSizeOf, deliveriesWith.
      return messages;
    case 'cut':
      return messages.map((each) => ({ ...labeled(each, say('truncated')), manner: { kind: 'cut' } }));
    case 'unanswered':
      return messages.map((each) => ({ ...labeled(each, say('no answer expected')), manner: { kind: 'unanswered' } }));
    case 'tampered':
      return messages.map((each) => ({ ...labeled(each, say('changed')), body: changed(each.body) }));
    case 'unsigned':
      return messages.map((each) => ({ ...labeled(each, say('unsigned')), headers: signedBy(each, undefined) }));
    case 'wrong-signature':
      return messages.map((each) => signedWrongly(each, sign(each.body, `not ${key}`), say('signed with another key')));
    case 'old-signature':
      return messages.map((each) =>
        signedWrongly(each, sign(changed(each.body), key), say('with the signature of another body')),
      );
    case 'wrong-sha1-signature': {
      const digest = (body: Buffer): string => createHmac('sha1', `not ${key}`).update(body).digest('base64');
      return messages.map((each) =>
        signedWrongly(each, `sha1=${digest(each.body)}`, say('signed with another key, as sha1=')),
      );
    }
    case 'empty-signature':
      return messages.map((each) => signedWrongly(each, 'sha256=', say('with sha256= only')));
    case 'cut-signature':
      return messages.map((each) =>
        signedWrongly(each, sign(each.body, key).slice(0, shownLength), say('with a truncated signature')),
      );
    case 'other-end-signature':
      return messages.map((each) => {
        const [right, other] = [sign(each.body, key), sign(each.body, `not ${key}`)];
        const signature = right.slice(0, shownLength) + other.slice(shownLength);
        return signedWrongly(each, signature, say('with the signature’s end changed'));
      });
  }
}

function signedWrongly(message: Message, signature: string, how: string): Message {
  return { ...labeled(message, how), headers: signedBy(message, signature) };
}

function labeled(message: Message, how: string): Message {
  return { ...message, label: `${message.label}, ${how}` };
}

function signedBy({ headers }: Message, signature: string | undefined): Message['headers'] {
  const others = headers.filter(([name]) => name !== signatureHeader);
  return signature === undefined ? others : [...others, [signatureHeader, signature]];
}

/** Changes one letter of the last text value, so that the body is still JSON. */
function changed(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  for (let at = copy.length - 1; at >= 0; at--) {
    const code = copy[at] ?? 0;
    const isLetter = (code >= 0x61 && code < 0x7a) || (code >= 0x41 && code < 0x5a);
    const next = copy.toString('latin1', at + 1, at + 3);
    if (isLetter && /^"[,}\]]/.test(next)) {
      copy[at] = code + 1;
      return copy;
    }
  }
  return Buffer.concat([copy, Buffer.from(' ')]);
}
