import { html, nothing, type TemplateResult } from 'lit/html.js';
import { repeat } from 'lit/directives/repeat.js';
import type {
  Column,
  ColumnName,
  EditorAction,
  EditorTexts,
  EventView,
  Mapping,
  Obstacle,
  Pill,
  Reason,
  ShownBody,
  Step,
  StepGroup,
  TextKind,
} from '../../extension/event-editor/messages.ts';
import { walkByKey } from '../shared/keyboard.ts';
import { menuButton, type MenuEntry } from '../shared/menu.ts';
import { button, factsTemplate, textTemplate, type Part } from '../shared/parts.ts';
import { foldTemplate, type PageStateStore } from '../shared/page-state.ts';

export const columnNames: readonly ColumnName[] = ['cameIn', 'sent', 'answered'];

export interface Drawn {
  readonly texts: EditorTexts;
  readonly view: EventView;
  readonly columns: Readonly<Partial<Record<ColumnName, Column>>>;
  readonly tab: ColumnName;
  readonly narrow: boolean;
  readonly store: PageStateStore;
}

export interface Handlers {
  choose(step: string): void;
  selectTab(tab: ColumnName): void;
  act(action: EditorAction): void;
  openText(kind: TextKind): void;
}

export function obstacleTemplate(texts: EditorTexts, obstacle: Obstacle, handlers: Handlers): TemplateResult {
  return html`<div class="obstacle" role="status">
    <p>${obstacle.text}</p>
    ${obstacleButton(texts, obstacle, handlers)}
  </div>`;
}

function obstacleButton(texts: EditorTexts, { action }: Obstacle, handlers: Handlers): Part {
  return action === null ? nothing : button(`do-${action}`, texts[action], () => handlers.act(action), true);
}

export function eventTemplate(drawn: Drawn, handlers: Handlers): TemplateResult {
  const { view, texts } = drawn;
  return html`<div class="event">
    <header class="head">
      <div class="heading">
        ${pillTemplate(view.pill)}
        <h1>${view.heading}</h1>
      </div>
      ${view.reason === null ? nothing : reasonTemplate(view.reason)} ${actionsTemplate(drawn, handlers)}
      <div class="stale" role="status">
        ${
          view.stale === null
            ? nothing
            : html`<p>${view.stale.text}</p>
                ${obstacleButton(texts, view.stale, handlers)}`
        }
      </div>
      ${factsTemplate(view.facts)}
      ${foldTemplate(drawn.store, 'details', texts.details, html`${factsTemplate(view.details)}`)}
    </header>
    ${timelineTemplate(drawn, handlers)} ${columnsTemplate(drawn, handlers)}
  </div>`;
}

function pillTemplate({ state, text }: Pill): TemplateResult {
  return html`<span class="pill ${state}">${text}</span>`;
}

function reasonTemplate({ what, words, advice, tone }: Reason): TemplateResult {
  return html`<div id="reason" class="reason ${tone}">
    <p class="what-came">${what}</p>
    ${words === '' ? nothing : html`<p class="own-words">${words}</p>`}
    ${advice === '' ? nothing : html`<p>${advice}</p>`}
  </div>`;
}

/** The first possible action of each row is a button; the others are in the menu. */
const leading: readonly (readonly EditorAction[])[] = [
  ['release', 'resend', 'manageSecrets'],
  ['editAndRelease', 'editAndResend'],
];
const others: readonly EditorAction[] = [
  'resend',
  'resendTo',
  'resendOnSave',
  'discard',
  'manageSecrets',
  'createTest',
];
const copies: readonly EditorAction[] = ['copyAsCurl', 'copyAsHttp', 'copyAsHar', 'copyAsFixture', 'copyAddress'];
const comparisons: readonly EditorAction[] = ['compareWithNotification', 'compareAnswers'];

function actionsTemplate({ view, texts }: Drawn, handlers: Handlers): TemplateResult {
  const buttons = leading.flatMap((some) => some.filter((each) => view.actions.includes(each)).slice(0, 1));
  const acting = (actions: readonly EditorAction[], heading?: string): MenuEntry[] =>
    inPart(
      heading,
      actions
        .filter((each) => view.actions.includes(each) && !buttons.includes(each))
        .map((action) => ({ label: texts[action], choose: () => handlers.act(action) })),
    );
  const more = (): MenuEntry[] => [
    ...acting(others),
    ...acting(copies, texts.copyAs),
    ...acting(comparisons, texts.compare),
    ...inPart(
      texts.openAsText,
      view.texts.map((kind) => ({ label: texts[kind], choose: () => handlers.openText(kind) })),
    ),
  ];
  const labelOf = (action: EditorAction): string => (action === 'resend' && view.waits ? texts.tryNow : texts[action]);
  return html`<div class="actions" role="group" aria-label=${texts.actions}>
    ${buttons.map((action, index) => button(`do-${action}`, labelOf(action), () => handlers.act(action), index === 0))}
    ${more().length === 0 ? nothing : menuButton('more', texts.more, more)}
  </div>`;
}

function inPart(heading: string | undefined, entries: readonly MenuEntry[]): MenuEntry[] {
  return entries.map((entry, index) => (index === 0 && heading !== undefined ? { ...entry, heading } : entry));
}

function timelineTemplate({ view, texts }: Drawn, handlers: Handlers): TemplateResult {
  const chooseByKey = (event: KeyboardEvent): void =>
    walkByKey(event, '[role="option"]', (element) => handlers.choose(element.dataset['step'] ?? ''));
  return html`<section class="timeline">
    <h2 id="timeline-title">${texts.timeline}</h2>
    <div role="listbox" aria-labelledby="timeline-title" aria-orientation="horizontal" @keydown=${chooseByKey}>
      ${view.groups.map((group) => groupTemplate(group, view.chosen, texts, handlers))}
    </div>
  </section>`;
}

function groupTemplate(group: StepGroup, chosen: string, texts: EditorTexts, handlers: Handlers): TemplateResult {
  const { id, label, pill, steps, leftOut } = group;
  return html`<div
    class="group"
    role="group"
    aria-label=${label === '' ? texts.cameIn : `${label}, ${pill?.text ?? ''}`}
  >
    ${
      label === ''
        ? nothing
        : html`<div class="destination" aria-hidden="true">
            <span>${label}</span>${pill === null ? nothing : pillTemplate(pill)}
          </div>`
    }
    ${leftOut === '' ? nothing : html`<div class="left-out" role="none">${leftOut}</div>`}
    <div class="steps" role="none" data-group=${id}>
      ${repeat(
        steps,
        ({ id }) => id,
        (step) => stepTemplate(step, step.id === chosen, handlers),
      )}
    </div>
  </div>`;
}

function stepTemplate(step: Step, isChosen: boolean, handlers: Handlers): TemplateResult {
  const { id, title, detail, wait, tone, spoken, dueInMs } = step;
  return html`<div
    class="step ${tone}"
    role="option"
    aria-selected=${isChosen ? 'true' : 'false'}
    tabindex=${isChosen ? '0' : '-1'}
    data-step=${id}
    @click=${() => handlers.choose(id)}
  >
    ${wait === '' ? nothing : html`<span class="wait">${wait}</span>`}
    <span class="what"
      ><span class="title">${title}</span>${
        // The page writes the countdown into it, so the template must leave it empty.
        dueInMs === null
          ? html`<span class="detail">${detail}</span>`
          : html`<span class="detail" aria-live="off" aria-hidden="true" data-due=${id}></span>`
      }${spoken === '' ? nothing : html`<span class="unseen">, ${spoken}</span>`}</span
    >
  </div>`;
}

function columnsTemplate(drawn: Drawn, handlers: Handlers): TemplateResult {
  const { texts, columns, narrow, tab } = drawn;
  const selectByKey = (event: KeyboardEvent): void =>
    walkByKey(event, '[role="tab"]', (element) =>
      handlers.selectTab(columnNames.find((name) => element.id === `tab-${name}`) ?? tab),
    );
  return html`${
      narrow
        ? html`<div class="tabs" role="tablist" aria-label=${texts.columns} @keydown=${selectByKey}>
            ${columnNames.map(
              (name) =>
                html`<button
                  id="tab-${name}"
                  role="tab"
                  aria-selected=${name === tab ? 'true' : 'false'}
                  aria-controls="column-${name}"
                  tabindex=${name === tab ? '0' : '-1'}
                  @click=${() => handlers.selectTab(name)}
                >
                  ${texts[name]}
                </button>`,
            )}
          </div>`
        : nothing
    }
    <div class="columns">
      ${columnNames.map((name) => {
        const column = columns[name];
        return html`<section
          id="column-${name}"
          class="column"
          role=${narrow ? 'tabpanel' : 'region'}
          aria-labelledby=${narrow ? `tab-${name}` : `title-${name}`}
          ?hidden=${narrow && name !== tab}
        >
          ${narrow ? nothing : html`<h2 id="title-${name}">${texts[name]}</h2>`}
          ${column === undefined ? nothing : columnTemplate(name, column, drawn, handlers)}
        </section>`;
      })}
    </div>`;
}

function columnTemplate(name: ColumnName, column: Column, drawn: Drawn, handlers: Handlers): TemplateResult {
  const { texts } = drawn;
  const { title, pill, facts, mapping, headers, body, asText } = column;
  return html`<div class="column-head">
      <p class="column-title">${title}</p>
      ${pill === null ? nothing : pillTemplate(pill)}
    </div>
    ${factsTemplate(facts)}
    ${
      mapping.length === 0
        ? nothing
        : foldTemplate(drawn.store, `mapping-${name}`, texts.mapping, mappingTemplate(mapping, texts))
    }
    ${
      headers === null || headers.length === 0
        ? nothing
        : foldTemplate(
            drawn.store,
            `headers-${name}`,
            `${texts.headers} (${headers.length})`,
            html`${factsTemplate(headers, texts.headers)}`,
          )
    }
    ${body === null ? html`<p class="nothing">${column.nothing}</p>` : bodyTemplate(name, body, texts)}
    ${
      asText === null || !drawn.view.texts.includes(asText)
        ? nothing
        : html`<button class="link" id="text-${name}" @click=${() => handlers.openText(asText)}>
            ${texts.openAsText}<span class="unseen">: ${texts[name]}</span>
          </button>`
    }`;
}

function mappingTemplate(mapping: readonly Mapping[], texts: EditorTexts): TemplateResult {
  const own = mapping.filter(({ from }) => from === '');
  return html`<table class="mapping">
    <thead>
      <tr>
        <th scope="col">${texts.mappedFrom}</th>
        <th scope="col">${texts.mappedTo}</th>
      </tr>
    </thead>
    <tbody>
      ${mapping
        .filter(({ from }) => from !== '')
        .map(
          ({ from, fromValue, to, toValue }) =>
            html`<tr>
              <td><b>${from}</b> ${fromValue}</td>
              <td><b>${to}</b> ${toValue}</td>
            </tr>`,
        )}
      ${
        own.length === 0
          ? nothing
          : html`<tr>
              <td class="own">${texts.mappedByConnector}</td>
              <td>${own.map(({ to, toValue }, index) => html`${index === 0 ? '' : ', '}<b>${to}</b> ${toValue}`)}</td>
            </tr>`
      }
    </tbody>
  </table>`;
}

function bodyTemplate(name: ColumnName, body: ShownBody, texts: EditorTexts): TemplateResult {
  const { text, marks, notices, language } = body;
  const parts: (string | TemplateResult)[] = [];
  let at = 0;
  for (const { start, end } of marks) {
    if (start < at) continue;
    parts.push(text.slice(at, start));
    // In JSON these are separate lines; XML may be one line.
    parts.push(
      html`<span class="this-event ${language}" role="group" aria-label=${texts.thisEvent}
        >${text.slice(start, end)}</span
      >`,
    );
    at = end;
  }
  parts.push(text.slice(at));
  return html`${notices.map((notice) => html`<p class="notice">${notice}</p>`)}
  ${
    text === ''
      ? notices.length === 0
        ? html`<p class="nothing">${texts.empty}</p>`
        : nothing
      : textTemplate(`body-${name}`, `${texts[name]}: ${texts.body}`, parts)
  }`;
}
