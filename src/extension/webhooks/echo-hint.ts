import type * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { prefix } from '../prefix.ts';
import { byCommand, offer } from '../ui/offer.ts';
import { inMessage } from '../ui/printable.ts';
import type { Session } from '../session/session.ts';
import { EchoGuard } from './echo-guard.ts';

const silencedKey = `${prefix}.echoHintSilenced`;

export function watchForEchoes(context: vscode.ExtensionContext, session: Session): void {
  const guard = new EchoGuard();
  context.subscriptions.push(
    session.onDidAddEvents(({ deliveries }) => {
      for (const { events } of deliveries) {
        for (const row of events) {
          const address = guard.observe(row);
          if (address !== undefined && !context.globalState.get<boolean>(silencedKey, false))
            void hint(context, address);
        }
      }
    }),
  );
}

function hint(context: vscode.ExtensionContext, address: string): Promise<void> {
  const text = say(
    'Updates for {0} keep arriving seconds apart. Your callback may be causing these updates: changes made through the API come back as events.',
    inMessage(address),
  );
  return offer('Information', text, {
    [say('Show Events for This Address')]: byCommand('filterEvents', `address:${address}`),
    [say('Don’t Show Again')]: () => context.globalState.update(silencedKey, true),
  });
}
