import { spawn } from 'node:child_process';
import { authorize } from '../../oauth/authorize.ts';
import type {
  Authorization,
  AuthorizationParts,
  AuthorizationRequest,
  StrayAnswer,
  WaitingOptions,
  WaitingView,
} from '../../oauth/authorize.ts';
import { listenOnLoopback, type PageTexts } from '../../oauth/loopback.ts';
import { defaultCallbackPort, loopbackCallback, planWays } from '../../oauth/ways.ts';
import { UsageError } from '../errors.ts';
import { note } from '../terminal/output.ts';
import { canRead, readLines } from '../terminal/prompts.ts';
import { printable } from '../terminal/text.ts';
import { commandProcess } from '../terminal/command-process.ts';

export interface TerminalOptions {
  readonly open: boolean;
  readonly asked: (url: string, redirectUri: string) => void;
}

/** Waits for the code at the callback's page, or in standard input. @throws UsageError, CallbackPortError */
export function authorizeInTerminal(request: AuthorizationRequest, options: TerminalOptions): Promise<Authorization> {
  const mayPaste = canRead();
  const parts: AuthorizationParts = {
    plan: (registered) => {
      const plan = planWays(registered, null);
      if (mayPaste || plan.ways.includes('loopback')) return Promise.resolve(plan);
      throw new UsageError(
        `the browser returns to ${registered}, but there is no terminal to paste the returned URL into`,
        `Run this command in a terminal, or register ${loopbackCallback(defaultCallbackPort)} as the app's callback.`,
      );
    },
    listen: (_way, redirectUri, answered) =>
      listenOnLoopback({ url: new URL(redirectUri), answered, texts: pageTexts }),
    openBrowser: async (url) => options.open && (await openInBrowser(url)),
    showWaiting: (waiting) => showWaiting(waiting, mayPaste, options),
    askAboutPort: (error) => {
      if (!mayPaste) return Promise.reject(error);
      note(`${error.message}. Instead, paste the URL that your browser ended up at.`);
      return Promise.resolve('paste');
    },
  };
  return authorize(parts, {
    ...request,
    async buildUrl(state, redirectUri, signal) {
      const url = await request.buildUrl(state, redirectUri, signal);
      options.asked(url, redirectUri);
      return url;
    },
  });
}

function showWaiting(waiting: WaitingOptions, mayPaste: boolean, { open }: TerminalOptions): WaitingView {
  const byPage = waiting.ways.includes('loopback');
  const lines = mayPaste
    ? readLines((line) => {
        if (line.trim() === '') return;
        const why = waiting.paste(line);
        if (why !== null) note(`${strayWords[why]}. Paste the complete URL from the address bar, or only the code.`);
      })
    : null;
  let isOver = false;
  lines?.reader.once('close', () => {
    if (isOver || byPage) return;
    note('Standard input closed before you pasted the URL or code.');
    waiting.cancel();
  });
  let told = false;
  return {
    opened(_url, sent) {
      if (open && !sent) note('Could not open a browser. Open the URL yourself.');
      if (byPage) note('Waiting for the browser (up to five minutes).');
      if (mayPaste) {
        note(
          `${byPage ? 'If nothing happens, paste' : 'Paste'} the address your browser ended up at, or the code, and press Enter:`,
        );
      }
    },
    stray(why) {
      // Any page may send the browser here repeatedly, so report it once.
      if (told) return;
      told = true;
      note(`The browser returned something unexpected. ${strayWords[why]}. Still waiting.`);
    },
    close() {
      isOver = true;
      lines?.close();
    },
  };
}

const strayWords: Readonly<Record<StrayAnswer, string>> = {
  'wrong-state': 'The answer belongs to another request, most likely an older one',
  'refusal-without-state': "The refusal doesn't say which request it belongs to",
  'no-answer': 'The answer contains neither a code nor a refusal',
};

const back = 'Close this page and go back to the terminal';
const pageTexts: PageTexts = {
  language: 'en',
  received: { title: 'Access granted', text: `${back} to continue.` },
  refused: { title: 'Access not granted', text: `${back} to see why.` },
  stray: { title: 'Unexpected answer', text: `${back}, which is still waiting for the right answer.` },
};

const openers: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

function openInBrowser(url: string): Promise<boolean> {
  const [program, ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve) => {
    const child = spawn(program, [...args, url], { stdio: 'ignore', detached: true, env: commandProcess().env });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
    child.unref();
  });
}

export function explainNoCode(result: Exclude<Authorization, { kind: 'code' }>): {
  readonly message: string;
  readonly next: string;
} {
  switch (result.kind) {
    case 'timed-out':
      return {
        message: 'no answer from the browser within five minutes',
        next: "Try again, and grant access in the browser. If the browser shows an error page, paste the page's URL.",
      };
    case 'canceled':
      return { message: 'the access request was canceled', next: 'Nothing was changed.' };
    case 'denied':
      if (result.error === 'access_denied')
        return { message: 'access was denied in the browser', next: 'Try again, and grant access.' };
      return {
        message: printable(
          `Campaign Monitor refused access: ${result.error}${result.description === null ? '' : ` (${result.description})`}`,
        ),
        next: deniedNext[result.error] ?? "Check the app's registration in Campaign Monitor, and then try again.",
      };
  }
}

const deniedNext: Readonly<Partial<Record<string, string>>> = {
  invalid_redirect_uri:
    '--oauth-callback-url must start with the callback registered for the app in Campaign Monitor. Compare them.',
  unknown_client: "Check OAUTH_API_KEY against the client ID in the app's registration in Campaign Monitor.",
  server_error: 'Try again later.',
};
