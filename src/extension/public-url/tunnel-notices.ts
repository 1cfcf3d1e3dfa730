import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import type { Status } from '../../protocol/status.ts';
import { sentences } from '../../common/words.ts';
import { namesOtherHost, opening, tryingAgain } from '../../protocol/tunnel-words.ts';
import type { Session } from '../session/session.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { askAboutHost, openTunnel } from './tunnel-questions.ts';

const otherHost = namesOtherHost('', '').text;
const freshly = opening('').text;
const retrying = tryingAgain(opening(''), '').text;

/** After a start: the public URL opens again if it was open when the relay ended. */
export async function sayReopening(session: Session): Promise<void> {
  if ((session.status?.tunnel.state ?? 'closed') === 'closed') return;
  await offer('Information', say('Reopening the public URL, which was open when the relay stopped.'), {
    [say('Close')]: () => session.closeTunnel(),
  });
}

/** Reports why the first attempt to open the public URL failed, and why there is no further one: each once. */
export function followTunnel(session: Session): vscode.Disposable {
  let told: string | undefined;
  const look = (): void => {
    const { status } = session;
    const { state = 'closed', reason, said = [] } = status?.tunnel ?? {};
    const text = said[0]?.text;
    // One that was open is reopened first; the view and the status bar show it in the meantime.
    const isRetrying = text === retrying && state !== 'verifying' && !(state === 'degraded' && told === 'open');
    const before = told;
    if (state === 'failed') told = reason;
    else if (isRetrying) told = retrying;
    else if (state === 'open') told = state;
    else if (state === 'closed' || text === freshly) told = undefined;
    if (told !== before && status !== undefined && (state === 'failed' || isRetrying))
      void tellOfFailure(session, status);
  };
  look();
  return session.onDidChange(look);
}

async function tellOfFailure(session: Session, { tunnel, settings }: Status): Promise<void> {
  const isFinal = tunnel.state === 'failed';
  const refused = tunnel.said.find(({ text }) => text === otherHost);
  const [server, host] = refused?.values ?? [];
  if (isFinal && typeof server === 'string' && typeof host === 'string')
    return askAboutHost(session, settings.tunnel, server, host);
  // The next start opens only what was open.
  if (isFinal) await session.tunnels.close();
  // Without the time until the next attempt, which would be over before it is read.
  const said = tunnel.said.map((words) => {
    const [why] = words.values;
    return words.text === retrying && typeof why === 'object' ? why : words;
  });
  await offer('Warning', say('No public URL: {0}', sentences(said)), {
    [say('Choose Tunnel…')]: byCommand('chooseTunnel'),
    [isFinal ? say('Try Again') : say('Keep Trying')]: () => openTunnel(session),
  });
}
