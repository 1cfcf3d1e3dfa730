/** Another program that listens at the handler's URL would respond instead of the debugged one. */
import * as vscode from 'vscode';
import { say } from '../../common/say.ts';
import { isLoopback } from '../../common/loopback.ts';
import { printable } from '../ui/printable.ts';
import { cancelable, GivenUpError, tokenOf } from '../ui/progress.ts';
import { askInspectorPort } from './ask-handler-configuration.ts';
import type { HandlerConfiguration } from './handler-configurations.ts';
import { listens, untilFree } from '../../common/programs/listening.ts';

export type OtherServer =
  | { readonly kind: 'start' }
  | { readonly kind: 'attach'; readonly to: HandlerConfiguration }
  | { readonly kind: 'leave' };

/** Starts without an answer if the other program stops. @returns undefined if canceled @throws GivenUpError */
export async function askAboutOtherServer(
  url: URL,
  configuration: string,
  signal?: AbortSignal,
): Promise<OtherServer | undefined> {
  if (!isLoopback(url.hostname) || !(await listens(url))) return { kind: 'start' };
  type Choice = vscode.QuickPickItem & { readonly make: () => Promise<OtherServer | undefined> };
  const items: readonly Choice[] = [
    {
      label: say('$(debug-restart) Debug After the Server Stops'),
      detail: say('Stop the running server. “{0}” starts as soon as the port is free.', printable(configuration)),
      make: () => startOnceFree(url, signal),
    },
    {
      label: say('$(plug) Attach to Node Process by Port…'),
      detail: say('For a server started with node --inspect. The server keeps running.'),
      make: async () => {
        const to = await askInspectorPort(undefined, signal);
        return to && { kind: 'attach', to };
      },
    },
    {
      label: say('$(debug-continue) Send Anyway'),
      detail: say('The running server will answer, but your breakpoints won’t be hit.'),
      make: () => Promise.resolve({ kind: 'leave' }),
    },
  ];
  const options: vscode.QuickPickOptions = {
    title: say('A server outside the debugger is listening at {0}', url.host),
    placeHolder: say('The running server would answer instead of the server you want to debug'),
    // The user may have to stop the server in a terminal.
    ignoreFocusOut: true,
  };
  const answered = new AbortController();
  const stopped = new AbortController();
  untilFree(url, answered.signal).then(
    () => stopped.abort(),
    () => undefined,
  );
  const takenBack = AbortSignal.any([stopped.signal, ...(signal === undefined ? [] : [signal])]);
  const choice = await vscode.window.showQuickPick(items, options, tokenOf(takenBack));
  answered.abort();
  if (choice !== undefined) return choice.make();
  return stopped.signal.aborted ? { kind: 'start' } : undefined;
}

async function startOnceFree(url: URL, signal?: AbortSignal): Promise<OtherServer> {
  const title = say('Debug My Handler: waiting for {0} to be free', url.host);
  try {
    await cancelable(title, (given) =>
      untilFree(url, AbortSignal.any([given, ...(signal === undefined ? [] : [signal])])),
    );
  } catch (error) {
    throw new GivenUpError((error as Error).message);
  }
  return { kind: 'start' };
}
