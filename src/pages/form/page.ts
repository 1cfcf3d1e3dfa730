import '@vscode-elements/elements/dist/vscode-checkbox/index.js';
import '@vscode-elements/elements/dist/vscode-label/index.js';
import '@vscode-elements/elements/dist/vscode-option/index.js';
import '@vscode-elements/elements/dist/vscode-radio/index.js';
import '@vscode-elements/elements/dist/vscode-radio-group/index.js';
import '@vscode-elements/elements/dist/vscode-single-select/index.js';
import '@vscode-elements/elements/dist/vscode-textarea/index.js';
import '@vscode-elements/elements/dist/vscode-textfield/index.js';
import { render } from 'lit/html.js';
import { fieldsForPageState, type FormPageState } from '../../extension/instance-form/page-state.ts';
import type {
  FieldName,
  FormAction,
  HostMessage,
  PageMessage,
  SecretField,
} from '../../extension/instance-form/messages.ts';
import { Host } from '../shared/host.ts';
import { describeControls, focusField } from './controls.ts';
import { formTemplate, type Drawn } from './template.ts';

const host = new Host<PageMessage, HostMessage, FormPageState>();
const root = document.querySelector('main');
/** Don't show "required" for fields that the user hasn't visited. */
const visited = new Set<FieldName>();
let shown: Omit<Drawn, 'visited' | 'token'> | undefined;
let token: string | undefined;

function draw(): void {
  if (root === null || shown === undefined) return;
  render(formTemplate({ ...shown, visited, token }, handlers), root);
  describeControls(root);
}

function savePageState(): void {
  if (shown !== undefined)
    host.savePageState({ fields: fieldsForPageState(shown.fields), created: shown.view.created });
}

/** These secrets were for another host, or are no longer needed. */
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
    savePageState();
    host.say({ type: 'changed', fields });
    draw();
    // The sandbox fills in the other fields.
    if (name === 'region' && value === 'sandbox') handlers.act('useSandbox');
  },
  secret(field: SecretField, value: string, done: boolean): void {
    host.say({ type: 'secret', field, value, done });
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
    host.say({ type: 'action', action });
  },
  hideToken(): void {
    token = undefined;
    draw();
  },
};

function show(next: typeof shown): void {
  if (next === undefined) return;
  const before = shown;
  const { created, error } = next.view;
  shown = next;
  savePageState();
  if (created?.id !== before?.view.created?.id) token = undefined;
  draw();
  // The error below the button may be out of sight.
  if (error !== before?.view.error) document.getElementById('error')?.scrollIntoView({ block: 'center' });
  // The form was replaced: announce what is there now.
  if (created !== undefined && before?.view.created === undefined) {
    focusCreated();
    host.say({ type: 'createdShown' });
  }
}

host.onMessages({
  show,
  view: ({ view }) => show(shown && { ...shown, view }),
  fill: ({ fields, view }) => show(shown && { ...shown, fields, view }),
  token(message) {
    token = message.token;
    draw();
  },
});

function focusCreated(): void {
  document.getElementById('created')?.focus();
}

// The page can't take the focus while a dialog of VS Code is open, so do it when the user returns.
window.addEventListener('focus', () => {
  if (shown?.view.created !== undefined && document.activeElement === document.body) focusCreated();
});

window.addEventListener('blur', () => {
  // Don't leave a requested token on the screen.
  if (token !== undefined) handlers.hideToken();
});

host.say({ type: 'ready', pageState: host.pageState });
