import { html, nothing, type TemplateResult } from 'lit/html.js';
import { when } from 'lit/directives/when.js';
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
import { walkByKey } from '../shared/keyboard.ts';
import { menuButton } from '../shared/menu.ts';
import { button, factsTemplate, textTemplate } from '../shared/parts.ts';
import { foldTemplate, type PageStateStore } from '../shared/page-state.ts';

export interface Drawn {
  readonly texts: CheckTexts;
  readonly suite: SuiteView;
  readonly checks: readonly CheckView[];
  readonly failedOnly: boolean;
  readonly store: PageStateStore;
}

export interface Handlers {
  /** Null for all checks. */
  run(only: readonly string[] | null): void;
  stop(): void;
  chooseProbe(): void;
  save(format: ReportFormat): void;
  toggleFailedOnly(): void;
}

export function suiteTemplate(drawn: Drawn, handlers: Handlers): TemplateResult {
  const { suite, texts, checks, failedOnly } = drawn;
  const shown = failedOnly ? checks.filter(({ state }) => state === 'failed') : checks;
  return html`<header class="head">
      <h1>${suite.heading}</h1>
      <p id="status" role="status">${suite.status}</p>
      ${factsTemplate(suite.facts)} ${actionsTemplate(drawn, handlers)}
    </header>
    ${suite.causes.length === 0 ? nothing : causesTemplate(drawn, handlers)}
    ${
      shown.length === 0
        ? html`<p class="nothing">${texts.noneFailed}</p>`
        : html`<ul
            class="checks"
            aria-label=${texts.checks}
            @keydown=${(event: KeyboardEvent) => walkByKey(event, ':scope > li > details > summary')}
          >
            ${repeat(
              shown,
              ({ id }) => id,
              (check) => checkTemplate(check, drawn, handlers),
            )}
          </ul>`
    }`;
}

function causesTemplate({ suite, texts }: Drawn, handlers: Handlers): TemplateResult {
  return html`<section class="causes" aria-label=${texts.causes}>
    ${suite.causes.map(
      ({ text, ids }) =>
        html`<p class="cause">
          <span class="icon" aria-hidden="true"></span><span>${text}</span>
          ${when(!suite.running, () => html`<button class="link" @click=${() => handlers.run(ids)}>${texts.runThese}</button>`)}
        </p>`,
    )}
  </section>`;
}

function actionsTemplate({ suite, texts, checks, failedOnly }: Drawn, handlers: Handlers): TemplateResult {
  const failed = checks.filter(({ state }) => state === 'failed').map(({ id }) => id);
  const formats: readonly (readonly [ReportFormat, string])[] = [
    ['junit', texts.saveAsJunit],
    ['json', texts.saveAsJson],
    ['text', texts.saveAsText],
  ];
  return html`<div class="actions" role="group" aria-label=${texts.actions}>
    ${
      suite.running
        ? button('do-stop', texts.stop, () => handlers.stop(), true)
        : button('do-run', texts.runAgain, () => handlers.run(null), true)
    }
    ${when(!suite.running && failed.length !== 0, () => button('do-run-failed', texts.runFailed, () => handlers.run(failed)))}
    ${when(suite.saveable, () =>
      menuButton('save', texts.saveReport, () =>
        formats.map(([format, label]) => ({ label, choose: () => handlers.save(format) })),
      ),
    )}
    ${suite.running ? nothing : button('do-choose-probe', texts.chooseProbe, () => handlers.chooseProbe())}
    <button
      id="failed-only"
      class="button toggle"
      aria-pressed=${failedOnly ? 'true' : 'false'}
      @click=${() => handlers.toggleFailedOnly()}
    >
      ${texts.failedOnly}
    </button>
  </div>`;
}

function checkTemplate(check: CheckView, drawn: Drawn, handlers: Handlers): TemplateResult {
  const { id, title, state, word, took, reason, why, platform, fix, steps } = check;
  const { texts, suite, store } = drawn;
  return html`<li id="check-${id}" class="check ${state}">
    ${foldTemplate(
      store,
      `fold-${id}`,
      html`<span class="state"><span class="icon" aria-hidden="true"></span>${word}</span>
        <span class="title">${title}</span>
        ${took === '' ? nothing : html`<span class="took">${took}</span>`}
        ${reason === '' ? nothing : html`<span class="reason">${reason}</span>`}`,
      html`<div class="inside">
        <dl class="about">
          <dt>${texts.why}</dt>
          <dd>${why}</dd>
          <dt>${texts.platform}</dt>
          <dd>${platform}</dd>
          <dt>${texts.fix}</dt>
          <dd>${fix}</dd>
        </dl>
        ${steps.map((step, index) => stepTemplate(step, `${id}-${index}`, drawn))}
        ${when(!suite.running, () => html`<button class="link" @click=${() => handlers.run([id])}>${texts.checkAgain}</button>`)}
      </div>`,
    )}
  </li>`;
}

function stepTemplate(step: StepView, id: string, { texts, store }: Drawn): TemplateResult {
  const { title, facts, findings, requests } = step;
  return html`<section class="step" aria-labelledby="step-${id}">
    <h2 id="step-${id}">${title} <span class="step-facts">${facts}</span></h2>
    ${findings.map((finding) => findingTemplate(finding, texts))}
    ${when(requests.length !== 0, () =>
      foldTemplate(
        store,
        `sent-${id}`,
        texts.sent,
        html`<div class="inside">
          ${requests.map((request, index) => requestTemplate(request, `${id}-${index}`, texts))}
        </div>`,
      ),
    )}
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
    ${factsTemplate(headers, texts.headers)}
    ${bodyTemplate(body, `${texts.sent}: ${texts.body}`, `sent-body-${id}`, texts)}
    ${attempts.map((attempt, index) => attemptTemplate(attempt, `${id}-${index}`, texts))}
  </article>`;
}

function attemptTemplate({ title, headers, body }: AttemptView, id: string, texts: CheckTexts): TemplateResult {
  return html`<div class="attempt">
    <p class="attempt-title">${texts.answer}: ${title}</p>
    ${factsTemplate(headers, texts.headers)}
    ${body === null ? nothing : bodyTemplate(body, `${texts.answer}: ${texts.body}`, `answer-body-${id}`, texts)}
  </div>`;
}

function bodyTemplate({ text, notice }: ShownText, label: string, id: string, texts: CheckTexts): TemplateResult {
  return html`${notice === '' ? nothing : html`<p class="nothing">${notice}</p>`}
  ${
    text === ''
      ? notice === ''
        ? html`<p class="nothing">${texts.empty}</p>`
        : nothing
      : textTemplate(id, label, text)
  }`;
}
