/** The form's page, in a webview: draws what the extension says, tells it what the user does, keeps what is typed. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-checkbox/index.js';
import '@vscode-elements/elements/dist/vscode-label/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-radio/index.js';
import '@vscode-elements/elements/dist/vscode-radio-group/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
import '@vscode-elements/elements/dist/vscode-textarea/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { render } from 'lit';
import { fieldsToKeep } from '../../extension/open-connectors/create/kept-fields.ts';
import type { KeptForm } from '../../extension/open-connectors/create/kept-fields.ts';
import type {
  FieldName,
  FormAction,
  HostMessage,
  PageMessage,
  SecretField,
} from '../../extension/open-connectors/create/messages.ts';
import { describeControls, focusField } from './controls.ts';
import { formTemplate } from './template.ts';
import type { Drawn } from './template.ts';

interface VsCodeApi {
  postMessage(message: PageMessage): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare function acquireVsCodeApi(): VsCodeApi;

const vscode = acquireVsCodeApi();
const root = document.querySelector('main');
/** The fields in which the user has been: an empty one is not scolded before. */
const visited = new Set<FieldName>();
let shown: Omit<Drawn, 'visited' | 'token'> | undefined;
let token: string | undefined;

/** The extension's messages come through VS Code's frame, checked on their way; anything else is not for this page. */
function isHostMessage(message: unknown): message is HostMessage {
  return (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    ['show', 'view', 'fill', 'token'].includes(String(message.type))
  );
}

function draw(): void {
  if (root === null || shown === undefined) return;
  render(formTemplate({ ...shown, visited, token }, handlers), root);
  describeControls(root);
}

function say(message: PageMessage): void {
  vscode.postMessage(message);
}

/** Has VS Code keep what comes back after a reload. */
function keep(): void {
  if (shown === undefined) return;
  const kept: KeptForm = { fields: fieldsToKeep(shown.fields), created: shown.view.created };
  vscode.setState(kept);
}

/** Empties a secret's field: what it held was for another host, or is no longer wanted. */
function empty(...fields: readonly SecretField[]): void {
  for (const field of fields) {
    const element = document.getElementById(field);
    if (element !== null && 'value' in element) element.value = '';
  }
}

const handlers = {
  changed<Name extends keyof Drawn['fields']>(name: Name, value: Drawn['fields'][Name]): void {
    if (shown === undefined) return;
    const fields = { ...shown.fields, [name]: value };
    if (name === 'region' || name === 'host') empty('userSecret', 'organizationSecret');
    shown = { ...shown, fields };
    keep();
    say({ type: 'changed', fields });
    draw();
    // The sandbox knows what belongs into the other fields.
    if (name === 'region' && value === 'sandbox') handlers.act('useSandbox');
  },
  secret(field: SecretField, value: string, done: boolean): void {
    say({ type: 'secret', field, value, done });
  },
  left(name: FieldName): void {
    visited.add(name);
    draw();
  },
  act(action: FormAction): void {
    if (action === 'create' && shown?.view.blocked !== undefined) {
      const wrong = Object.entries(shown.view.notes).filter(([, note]) => note.severity === 'error');
      for (const [name] of wrong) visited.add(name as FieldName);
      draw();
      focusField(wrong.map(([name]) => name));
      return;
    }
    if (action === 'another') visited.clear();
    if (action === 'generateKey') empty('signatureKey');
    if (action === 'useSandbox') empty('userSecret', 'organizationSecret', 'apiSecret', 'campaignMonitorApiKey');
    say({ type: 'action', action });
  },
  hideToken(): void {
    token = undefined;
    draw();
  },
};

window.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
  if (!isHostMessage(data)) return;
  const created = shown?.view.created?.id;
  const error = shown?.view.error;
  if (data.type === 'token') token = data.token;
  else if (data.type === 'show') shown = data;
  else if (shown !== undefined) shown = { ...shown, ...data };
  if (shown === undefined) return;
  if (data.type !== 'token') keep();
  if (shown.view.created?.id !== created) token = undefined;
  draw();
  // The button is the last thing in sight, and what went wrong stands below it; the sticky message covers the edge.
  if (shown.view.error !== error) document.getElementById('error')?.scrollIntoView({ block: 'center' });
  // The form has gone from under the user's hands: say what has come in its place.
  if (created === undefined && shown.view.created !== undefined) {
    focusCreated();
    say({ type: 'createdShown' });
  }
});
function focusCreated(): void {
  document.getElementById('created')?.focus();
}

// While a question of VS Code's stands above, nothing here takes the focus: then when the user comes back.
window.addEventListener('focus', () => {
  if (shown?.view.created !== undefined && document.activeElement === document.body) focusCreated();
});

window.addEventListener('blur', () => {
  // A token that was asked for is not left on the screen.
  if (token !== undefined) handlers.hideToken();
});

say({ type: 'ready', kept: vscode.getState() });
