import { html, nothing, type TemplateResult } from 'lit/html.js';
import { live } from 'lit/directives/live.js';
import type {
  FieldName,
  FormAction,
  FormFields,
  FormText,
  FormTexts,
  FormView,
  Region,
  SecretField,
} from '../../extension/instance-form/messages.ts';
import { button, textTemplate, type Part } from '../shared/parts.ts';

export interface Drawn {
  readonly texts: FormTexts;
  readonly regions: readonly Region[];
  readonly fields: FormFields;
  readonly view: FormView;
  readonly visited: ReadonlySet<FieldName>;
  readonly token: string | undefined;
}

export interface Handlers {
  changed<Name extends keyof FormFields>(name: Name, value: FormFields[Name]): void;
  secret(field: SecretField, value: string, done: boolean): void;
  left(name: FieldName): void;
  act(action: FormAction): void;
  hideToken(): void;
}

type TextField = { [Name in keyof FormFields]: FormFields[Name] extends string ? Name : never }[keyof FormFields];

function valueOf(event: Event): string {
  return (event.target as HTMLInputElement).value;
}

export function formTemplate(drawn: Drawn, handlers: Handlers): TemplateResult {
  const { texts, view } = drawn;
  if (view.created !== undefined) return createdTemplate(drawn, handlers);
  const form = new Parts(drawn, handlers);
  return html`
    <header>
      <h1>${texts.title}</h1>
      <p>${texts.intro}</p>
    </header>
    <div class="columns">
      <div class="fields">
        ${platform(form)} ${instance(form)} ${application(form)} ${events(form)}
        <div class="create">
          ${
            view.busy === undefined
              ? html`<vscode-button
                  id="create"
                  aria-disabled=${view.blocked === undefined ? 'false' : 'true'}
                  aria-describedby="blocked"
                  class=${view.blocked === undefined ? '' : 'blocked'}
                  @click=${() => handlers.act('create')}
                  >${drawn.fields.authentication === 'oauth' ? texts.createOauth : texts.createBasic}</vscode-button
                >`
              : button('cancel', texts.cancel, () => handlers.act('cancel'))
          }
          <p id="blocked" class="blocked-reason">${view.busy === undefined ? view.blocked : nothing}</p>
          <p id="busy" role="status">${view.busy ?? nothing}</p>
        </div>
        ${form.problem()}
      </div>
      ${preview(form)}
    </div>
    <p id="done" class="done" role="status">${view.done ?? nothing}</p>
  `;
}

function platform(form: Parts): TemplateResult {
  const { texts, fields, regions } = form.drawn;
  return html`<section aria-labelledby="platform-title">
    <h2 id="platform-title">${texts.platform}</h2>
    <div class="row">${form.button('useSandbox')}<span class="help">${texts.useSandboxHelp}</span></div>
    <div class="field">
      <vscode-label for="region">${texts.region}</vscode-label>
      <vscode-single-select
        id="region"
        data-field
        .label=${texts.region}
        .value=${live(fields.region)}
        @change=${(event: Event) => form.handlers.changed('region', valueOf(event))}
      >
        ${regions.map(
          ({ id, label }) =>
            html`<vscode-option value=${id} ?selected=${fields.region === id}>${label}</vscode-option>`,
        )}
      </vscode-single-select>
      ${form.help('region', 'regionHelp')}
    </div>
    ${fields.region === 'other' ? form.text('host', 'hostHelp') : nothing}
    ${
      fields.region === 'sandbox'
        ? nothing
        : html`${form.secret('userSecret')} ${form.secret('organizationSecret', 'platformSecretsHelp')}`
    }
  </section>`;
}

function instance(form: Parts): TemplateResult {
  return html`<section aria-labelledby="instance-title">
    <h2 id="instance-title">${form.drawn.texts.instance}</h2>
    ${form.text('name', 'nameHelp')} ${form.text('tags', 'tagsHelp')}
  </section>`;
}

function application(form: Parts): TemplateResult {
  const { texts, fields } = form.drawn;
  return html`<section aria-labelledby="application-title">
    <h2 id="application-title">${texts.authentication}</h2>
    <div class="field">
      <vscode-radio-group
        id="authentication"
        aria-labelledby="application-title"
        aria-describedby="authentication-help"
        variant="vertical"
        @change=${(event: Event) =>
          form.handlers.changed('authentication', valueOf(event) === 'basic' ? 'basic' : 'oauth')}
      >
        <vscode-radio
          name="authentication"
          value="oauth"
          label=${texts.oauth}
          .checked=${fields.authentication === 'oauth'}
        ></vscode-radio>
        <vscode-radio
          name="authentication"
          value="basic"
          label=${texts.basic}
          .checked=${fields.authentication === 'basic'}
        ></vscode-radio>
      </vscode-radio-group>
      ${form.help('authentication', 'authenticationHelp')}
    </div>
    ${
      fields.authentication === 'oauth'
        ? html`${form.text('apiKey', 'apiKeyHelp')} ${form.secret('apiSecret', 'apiSecretHelp')}
          ${form.text('oauthCallbackUrl', 'oauthCallbackUrlHelp', form.button('useThisMachine'))}`
        : form.secret('campaignMonitorApiKey', 'campaignMonitorApiKeyHelp')
    }
  </section>`;
}

function events(form: Parts): TemplateResult {
  const { texts, fields, view } = form.drawn;
  return html`<section aria-labelledby="events-title">
    <h2 id="events-title">${texts.events}</h2>
    ${form.checkbox('eventsEnabled', 'eventsEnabledHelp')}
    ${
      fields.eventsEnabled
        ? html`${form.text(
              'callbackUrl',
              'callbackUrlHelp',
              html`${form.button('fillCallback')}<span id="relay" class="help">${view.relay}</span>`,
            )}
            ${form.area('listIds', 'listIdsHelp', form.button('pickLists'))}
            ${form.secret(
              'signatureKey',
              'signatureKeyHelp',
              html`${form.button('generateKey')}
              ${view.secretsSet.signatureKey === true ? form.button('copyKey') : nothing}`,
            )}
            ${view.secretsSet.signatureKey === true ? form.checkbox('signDirect', 'signDirectHelp') : nothing}
            <details>
              <summary>${texts.more}</summary>
              ${form.text('basicUsername')} ${form.secret('basicPassword', 'basicHelp')}
              ${form.secret('callbackHeaders', 'callbackHeadersHelp')}
            </details>`
        : nothing
    }
  </section>`;
}

function preview(form: Parts): TemplateResult {
  const { texts, view } = form.drawn;
  return html`<section class="preview" aria-labelledby="preview-title">
    <h2 id="preview-title">${texts.preview}</h2>
    <p class="help">${texts.previewHelp}</p>
    ${textTemplate('preview', texts.preview, view.preview)}
    <div class="row">${form.button('copyJson')} ${form.button('copyCurl')}</div>
  </section>`;
}

function createdTemplate(drawn: Drawn, handlers: Handlers): TemplateResult {
  const { texts, view, token } = drawn;
  const form = new Parts(drawn, handlers);
  return html`<header>
      <h1 id="created" tabindex="-1">${texts.created}</h1>
      <p>${texts.createdHelp}</p>
    </header>
    <dl>
      <dt>${texts.name}</dt>
      <dd>${view.created?.name}</dd>
      <dt>${texts.id}</dt>
      <dd><code>${view.created?.id}</code> ${form.button('copyId')}</dd>
      <dt>${texts.token}</dt>
      <dd>
        <vscode-textfield
          id="token"
          readonly
          .label=${texts.token}
          type=${token === undefined ? 'password' : 'text'}
          .value=${live(token ?? '••••••••••••')}
        ></vscode-textfield>
        ${
          token === undefined
            ? form.button('showToken')
            : button('hide-token', texts.hideToken, () => handlers.hideToken())
        }
        ${form.button('copyToken')}
      </dd>
    </dl>
    <div class="row">${form.button('copyInstanceCurl')} ${form.button('another')}</div>
    ${form.problem()}
    <p id="done" class="done" role="status">${view.done ?? nothing}</p>`;
}

class Parts {
  readonly drawn: Drawn;
  readonly handlers: Handlers;

  constructor(drawn: Drawn, handlers: Handlers) {
    this.drawn = drawn;
    this.handlers = handlers;
  }

  button(action: FormAction & FormText): TemplateResult {
    return button(`do-${action}`, this.drawn.texts[action], () => this.handlers.act(action));
  }

  /** Always in the document, so that a screen reader announces its text. */
  problem(): TemplateResult {
    const { error } = this.drawn.view;
    return html`<div id="error" role="alert" class=${error === undefined ? 'none' : 'error-box'}>
      ${error === undefined ? nothing : html`<p>${error}</p>`} ${error === undefined ? nothing : this.button('showLog')}
    </div>`;
  }

  help(field: FieldName, help?: FormText): Part {
    return help === undefined ? nothing : html`<p id=${`${field}-help`} class="help">${this.drawn.texts[help]}</p>`;
  }

  text(field: TextField & FormText, help?: FormText, beside: Part = nothing): TemplateResult {
    const { texts, fields } = this.drawn;
    const control = html`<vscode-textfield
      id=${field}
      data-field
      .label=${texts[field]}
      ?invalid=${this.#isWrong(field)}
      .value=${live(fields[field])}
      autocomplete="off"
      @input=${(event: Event) => this.handlers.changed(field, valueOf(event))}
      @change=${() => this.handlers.left(field)}
      @blur=${() => this.handlers.left(field)}
    ></vscode-textfield>`;
    return this.#field(field, control, help, beside);
  }

  area(field: TextField & FormText, help: FormText, beside: Part): TemplateResult {
    const { texts, fields } = this.drawn;
    const control = html`<vscode-textarea
      id=${field}
      data-field
      monospace
      rows="3"
      resize="vertical"
      .label=${texts[field]}
      ?invalid=${this.#isWrong(field)}
      .value=${live(fields[field])}
      @input=${(event: Event) => this.handlers.changed(field, valueOf(event))}
      @change=${() => this.handlers.left(field)}
      @blur=${() => this.handlers.left(field)}
    ></vscode-textarea>`;
    return this.#field(field, control, help, beside);
  }

  /** Never draws the value, which is only in the element and the extension's memory. */
  secret(field: SecretField & FormText, help?: FormText, beside: Part = nothing): TemplateResult {
    const { texts, view } = this.drawn;
    const set = view.secretsSet[field] === true;
    const control = html`<vscode-textfield
        id=${field}
        data-field
        type="password"
        autocomplete="new-password"
        .label=${texts[field]}
        ?invalid=${this.#isWrong(field)}
        placeholder=${set ? texts.replace : ''}
        @input=${(event: Event) => this.handlers.secret(field, valueOf(event), false)}
        @change=${(event: Event) => {
          this.handlers.secret(field, valueOf(event), true);
          this.handlers.left(field);
        }}
        @blur=${() => this.handlers.left(field)}
      ></vscode-textfield>
      <span id=${`${field}-state`} class=${set ? 'state set' : 'state'}>${set ? texts.set : texts.notSet}</span>`;
    return this.#field(field, control, help, beside);
  }

  checkbox(field: 'eventsEnabled' | 'signDirect', help: FormText): TemplateResult {
    const { texts, fields } = this.drawn;
    return html`<div class="field">
      <vscode-checkbox
        id=${field}
        data-field
        label=${texts[field]}
        .checked=${live(fields[field])}
        @change=${(event: Event) => this.handlers.changed(field, (event.target as HTMLInputElement).checked)}
      ></vscode-checkbox>
      ${this.help(field, help)}
    </div>`;
  }

  #field(
    field: FieldName & FormText,
    control: TemplateResult,
    help: FormText | undefined,
    beside: Part,
  ): TemplateResult {
    return html`<div class="field">
      <vscode-label for=${field}>${this.drawn.texts[field]}</vscode-label>
      ${control} ${beside === nothing ? nothing : html`<div class="row">${beside}</div>`} ${this.#note(field)}
      ${this.help(field, help)}
    </div>`;
  }

  #shownNote(field: FieldName): FormView['notes'][FieldName] {
    const note = this.drawn.view.notes[field];
    return note === undefined || (note.empty && !this.drawn.visited.has(field)) ? undefined : note;
  }

  #isWrong(field: FieldName): boolean {
    return this.#shownNote(field)?.severity === 'error';
  }

  /** Always in the document, so that a screen reader announces its text. */
  #note(field: FieldName): TemplateResult {
    const note = this.#shownNote(field);
    const { texts } = this.drawn;
    return html`<p id=${`${field}-note`} class=${`note ${note?.severity ?? 'none'}`} aria-live="polite">
      ${
        note === undefined
          ? nothing
          : html`<strong>${note.severity === 'error' ? texts.error : texts.warning}</strong> ${note.text}`
      }
    </p>`;
  }
}
