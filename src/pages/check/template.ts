/** How the checks of a callback look: how all of it stands, and each check with what was sent and answered. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type {
  AttemptView,
  CheckTexts,
  CheckView,
  FindingView,
  ReportFormat,
  RequestView,
  ShownText,
  StepView,
  SuiteView,
} from '../../extension/check/messages.ts';

type Part = TemplateResult | typeof nothing;

export interface Drawn {
  readonly texts: CheckTexts;
  readonly suite: SuiteView;
  readonly checks: readonly CheckView[];
  readonly failedOnly: boolean;
  readonly unfolded: Readonly<Record<string, boolean>>;
}

export interface Handlers {
  /** Runs these checks again; all of them where it is null. */
  run(only: readonly string[] | null): void;
  stop(): void;
  chooseProbe(): void;
  save(format: ReportFormat): void;
  toggleFailedOnly(): void;
  unfolded(id: string, open: boolean): void;
  toggleMenu(button: HTMLElement): void;
  menuKey(event: KeyboardEvent): void;
  walk(event: KeyboardEvent): void;
}

/** The whole page. */
export function suiteTemplate(drawn: Drawn, handlers: Handlers): TemplateResult {
  const { suite, texts, checks, failedOnly } = drawn;
  const shown = failedOnly ? checks.filter(({ state }) => state === 'failed') : checks;
  return html`<header>
      <h1>${suite.heading}</h1>
      <p id="status" role="status">${suite.status}</p>
      <dl class="facts">
        ${suite.facts.map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${actionsTemplate(drawn, handlers)}
    </header>
    ${
      shown.length === 0
        ? html`<p class="nothing">${texts.noneFailed}</p>`
        : html`<ul class="checks" aria-label=${texts.checks} @keydown=${(event: KeyboardEvent) => handlers.walk(event)}>
            ${repeat(
              shown,
              ({ id }) => id,
              (check) => checkTemplate(check, drawn, handlers),
            )}
          </ul>`
    }`;
}

function actionsTemplate({ suite, texts, checks, failedOnly }: Drawn, handlers: Handlers): TemplateResult {
  const failed = checks.filter(({ state }) => state === 'failed').map(({ id }) => id);
  const formats = [
    ['junit', texts.saveAsJunit],
    ['json', texts.saveAsJson],
    ['text', texts.saveAsText],
  ] as const;
  return html`<div class="actions" role="group" aria-label=${texts.actions}>
    ${
      suite.running
        ? html`<vscode-button id="do-stop" @click=${() => handlers.stop()}>${texts.stop}</vscode-button>`
        : html`<vscode-button id="do-run" @click=${() => handlers.run(null)}>${texts.runAgain}</vscode-button>`
    }
    ${
      suite.running || failed.length === 0
        ? nothing
        : html`<vscode-button id="do-run-failed" secondary @click=${() => handlers.run(failed)}
            >${texts.runFailed}</vscode-button
          >`
    }
    ${
      suite.saveable
        ? html`<div class="menu" @keydown=${(event: KeyboardEvent) => handlers.menuKey(event)}>
            <button
              id="save"
              class="menu-button"
              aria-haspopup="menu"
              aria-expanded="false"
              aria-controls="save-menu"
              @click=${(event: Event) => handlers.toggleMenu(event.currentTarget as HTMLElement)}
            >
              ${texts.saveReport}
            </button>
            <div id="save-menu" class="items" role="menu" aria-labelledby="save" hidden>
              ${formats.map(
                ([format, label]) =>
                  html`<button role="menuitem" tabindex="-1" @click=${() => handlers.save(format)}>${label}</button>`,
              )}
            </div>
          </div>`
        : nothing
    }
    ${
      suite.running
        ? nothing
        : html`<vscode-button id="do-choose-probe" secondary @click=${() => handlers.chooseProbe()}
            >${texts.chooseProbe}</vscode-button
          >`
    }
    <button
      id="failed-only"
      class="toggle"
      aria-pressed=${failedOnly ? 'true' : 'false'}
      @click=${() => handlers.toggleFailedOnly()}
    >
      ${texts.failedOnly}
    </button>
  </div>`;
}

function checkTemplate(check: CheckView, drawn: Drawn, handlers: Handlers): TemplateResult {
  const { id, title, state, word, took, reason, why, platform, mend, steps } = check;
  const { texts, suite } = drawn;
  return html`<li id="check-${id}" class="check ${state}">
    ${foldTemplate(
      id,
      drawn,
      handlers,
      html`<span class="state"><span class="icon" aria-hidden="true"></span>${word}</span>
        <span class="title">${title}</span>
        ${took === '' ? nothing : html`<span class="took">${took}</span>`}
        ${reason === '' ? nothing : html`<span class="reason">${reason}</span>`}`,
      html`<dl class="about">
          <dt>${texts.why}</dt>
          <dd>${why}</dd>
          <dt>${texts.platform}</dt>
          <dd>${platform}</dd>
          <dt>${texts.mend}</dt>
          <dd>${mend}</dd>
        </dl>
        ${steps.map((step, index) => stepTemplate(step, `${id}-${index}`, drawn, handlers))}
        ${
          suite.running
            ? nothing
            : html`<button class="link" @click=${() => handlers.run([id])}>${texts.checkAgain}</button>`
        }`,
    )}
  </li>`;
}

/** Something that is unfolded: its inside is made when it is seen. */
function foldTemplate(
  id: string,
  { unfolded }: Drawn,
  handlers: Handlers,
  head: TemplateResult,
  inside: TemplateResult,
): TemplateResult {
  return html`<details
    data-fold=${id}
    ?open=${unfolded[id] === true}
    @toggle=${(event: Event) => {
      const { open } = event.currentTarget as HTMLDetailsElement;
      // Of those within it, too, the event comes by here.
      if (event.target === event.currentTarget) handlers.unfolded(id, open);
    }}
  >
    <summary>${head}</summary>
    <div class="inside">${inside}</div>
  </details>`;
}

function stepTemplate(step: StepView, id: string, drawn: Drawn, handlers: Handlers): TemplateResult {
  const { title, facts, findings, requests } = step;
  return html`<section class="step" aria-labelledby="step-${id}">
    <h2 id="step-${id}">${title} <span class="step-facts">${facts}</span></h2>
    ${findings.map((finding) => findingTemplate(finding, drawn.texts))}
    ${
      requests.length === 0
        ? nothing
        : foldTemplate(
            `sent-${id}`,
            drawn,
            handlers,
            html`<span class="sent">${drawn.texts.sent}</span>`,
            html`${requests.map((request, index) => requestTemplate(request, `${id}-${index}`, drawn.texts))}`,
          )
    }
  </section>`;
}

function findingTemplate({ verdict, word, what, expected, actual }: FindingView, texts: CheckTexts): TemplateResult {
  return html`<div class="finding ${verdict}">
    <p class="what"><span class="icon" aria-hidden="true"></span><span>${word}: ${what}</span></p>
    <dl>
      <dt>${texts.expected}</dt>
      <dd>${expected}</dd>
      <dt>${texts.actual}</dt>
      <dd>${actual}</dd>
    </dl>
  </div>`;
}

function requestTemplate(
  { title, headers, body, attempts }: RequestView,
  id: string,
  texts: CheckTexts,
): TemplateResult {
  return html`<article class="request">
    <h3>${title}</h3>
    ${headersTemplate(headers, texts)} ${bodyTemplate(body, `${texts.sent}: ${texts.body}`, `sent-body-${id}`, texts)}
    ${attempts.map((attempt, index) => attemptTemplate(attempt, `${id}-${index}`, texts))}
  </article>`;
}

function attemptTemplate({ title, headers, body }: AttemptView, id: string, texts: CheckTexts): TemplateResult {
  return html`<div class="attempt">
    <p class="attempt-title">${texts.answer}: ${title}</p>
    ${headersTemplate(headers, texts)}
    ${body === null ? nothing : bodyTemplate(body, `${texts.answer}: ${texts.body}`, `answer-body-${id}`, texts)}
  </div>`;
}

function headersTemplate(headers: readonly (readonly [string, string])[], texts: CheckTexts): Part {
  if (headers.length === 0) return nothing;
  return html`<dl class="headers" aria-label=${texts.headers}>
    ${headers.map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

function bodyTemplate({ text, notice }: ShownText, label: string, id: string, texts: CheckTexts): TemplateResult {
  return html`${notice === '' ? nothing : html`<p class="nothing">${notice}</p>`}
  ${
    text === ''
      ? notice === ''
        ? html`<p class="nothing">${texts.empty}</p>`
        : nothing
      : html`<pre id=${id} tabindex="0" role="group" aria-label=${label}>${text}</pre>`
  }`;
}
