/** A callback for whoever has none yet: it answers as it is told, so that a newcomer sees the whole way at once. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as vscode from 'vscode';
import { prefix } from '../prefix.ts';
import { say } from '../ui/say.ts';

export type SampleAnswer = 'ok' | 'error' | 'slow';

const portKey = `${prefix}.sampleReceiverPort`;

/** A slow answer takes this long, in milliseconds: less than a destination's time-out. */
const slowMs = 5000;

/** The built-in receiver of this window: a destination to try things with. */
export class SampleReceiver implements vscode.Disposable {
  readonly #state: vscode.Memento;
  #server: Server | undefined;
  #starting: Promise<string> | undefined;
  /** What the next notifications are answered. */
  answer: SampleAnswer = 'ok';
  /** Where it listens; undefined before it does. */
  url: string | undefined;

  /** @param state remembers the port, so that after a reload of the window what waits for it finds it again */
  constructor(state: vscode.Memento) {
    this.#state = state;
  }

  /** Starts it where it does not run. Resolves to its URL. */
  start(): Promise<string> {
    this.#starting ??= this.#listen().catch((error: unknown) => {
      // What failed once may work the next time.
      this.#starting = undefined;
      this.dispose();
      throw error;
    });
    return this.#starting;
  }

  dispose(): void {
    this.#server?.close();
    this.#server?.closeAllConnections();
  }

  async #listen(): Promise<string> {
    const server = createServer((request, response) => {
      request.resume();
      request.on('end', () => {
        const answer = this.answer;
        const send = (): void => {
          response.writeHead(answer === 'error' ? 500 : 200, { 'Content-Type': 'text/plain; charset=utf-8' });
          response.end(
            answer === 'error' ? 'The sample receiver was told to fail.\n' : 'The sample receiver took it.\n',
          );
        };
        if (answer === 'slow') setTimeout(send, slowMs);
        else send();
      });
    });
    this.#server = server;
    const port = await listen(server, this.#state.get<number>(portKey, 0)).catch(() => listen(server, 0));
    await this.#state.update(portKey, port);
    this.url = `http://127.0.0.1:${port}/sample-receiver`;
    return this.url;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Asks what the receiver is to answer from now on. */
export async function chooseSampleAnswer(receiver: SampleReceiver): Promise<void> {
  const { l10n } = vscode;
  const answers: (vscode.QuickPickItem & { answer: SampleAnswer })[] = [
    { label: `$(pass) ${l10n.t('200: takes each notification')}`, answer: 'ok' },
    { label: `$(error) ${l10n.t('500: fails, so that the relay tries again')}`, answer: 'error' },
    { label: `$(watch) ${l10n.t('Slow: takes each after five seconds')}`, answer: 'slow' },
  ];
  for (const each of answers) if (each.answer === receiver.answer) each.description = l10n.t('now');
  const choice = await vscode.window.showQuickPick(answers, {
    title: l10n.t('What the sample receiver answers'),
    placeHolder: l10n.t('It is the destination while the settings name none'),
  });
  if (choice === undefined) return;
  receiver.answer = choice.answer;
  say(l10n.t('The sample receiver now answers: {0}', choice.label));
}
