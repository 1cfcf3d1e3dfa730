import type { Response } from 'express';
import { escapeHtml } from '../../common/escape-html.ts';

const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; padding: 1.5rem; }
main { max-width: 34rem; margin: 2rem auto; }
h1 { font-size: 1.5rem; line-height: 1.25; }
.notice { border-inline-start: 0.3rem solid; padding: 0.1rem 1rem; }
code { overflow-wrap: anywhere; }
.buttons { display: flex; flex-wrap: wrap; gap: 0.75rem; margin-block-start: 1.5rem; }
button { font: inherit; padding: 0.6rem 1.5rem; border: 0.125rem solid currentcolor; border-radius: 0.4rem; cursor: pointer; }
button:focus-visible { outline: 0.2rem solid Highlight; outline-offset: 0.15rem; }
button[value='allow'] { background: #1d5c96; border-color: #1d5c96; color: #fff; }
button[value='deny'] { background: transparent; color: inherit; }
`;

const scopeMeanings: Readonly<Record<string, string>> = {
  ViewReports: 'View campaign reports',
  ManageLists: 'Create and change lists, subscribers, and webhooks',
  CreateCampaigns: 'Create campaigns',
  ImportSubscribers: 'Add subscribers to lists',
  SendCampaigns: 'Send campaigns',
  ViewSubscribersInReports: 'See subscribers in reports',
  ManageTemplates: 'Create and change templates',
  AdministerPersons: 'Manage people and their permissions',
  AdministerAccount: 'Manage the account',
  ViewTransactional: 'View transactional email',
  SendTransactional: 'Send transactional email',
  Automation: 'Manage automations',
};

export interface ConsentRequest {
  readonly id: string;
  readonly appName: string;
  readonly scopes: readonly string[];
  readonly redirectUri: string;
}

export function sendConsentPage(response: Response, { id, appName, scopes, redirectUri }: ConsentRequest): void {
  const items = scopes.map(
    (scope) => `<li>${escapeHtml(scopeMeanings[scope] ?? scope)} <code>${escapeHtml(scope)}</code></li>`,
  );
  sendPage(
    response,
    200,
    'Allow access?',
    `<h1>Allow ${escapeHtml(appName)} to use your account?</h1>
<p class="notice">This is the sandbox. It stands in for Campaign Monitor on this machine; nothing here reaches a real account.</p>
<p>The app asks to:</p>
<ul>${items.join('')}</ul>
<p>Then you return to <code>${escapeHtml(redirectUri)}</code>.</p>
<form method="post" action="oauth/decision">
<input type="hidden" name="request" value="${escapeHtml(id)}">
<div class="buttons">
<button type="submit" name="decision" value="allow">Allow access</button>
<button type="submit" name="decision" value="deny">Deny</button>
</div>
</form>`,
  );
}

export function sendErrorPage(response: Response, error: string, description: string): void {
  sendPage(
    response,
    400,
    'Access request not valid',
    `<h1>Access request not valid</h1><p><code>${escapeHtml(error)}</code></p><p>${escapeHtml(description)}</p>`,
  );
}

function sendPage(response: Response, status: number, title: string, content: string): void {
  response.status(status).set('cache-control', 'no-store').type('html').send(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – Campaign Monitor sandbox</title>
<style>${style}</style>
</head>
<body>
<main>
${content}
</main>
</body>
</html>
`);
}
