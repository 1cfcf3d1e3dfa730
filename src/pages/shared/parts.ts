import '@vscode-elements/elements/dist/vscode-button/index.js';
import { html, nothing, type TemplateResult } from 'lit/html.js';

export type Part = TemplateResult | typeof nothing;

export type Fact = readonly [name: string, value: string, tone?: 'good' | 'bad'];

export function button(id: string, label: string, act: () => void, first = false): TemplateResult {
  return html`<vscode-button id=${id} ?secondary=${!first} @click=${act}>${label}</vscode-button>`;
}

/** @param label of headers */
export function factsTemplate(facts: readonly Fact[], label?: string): Part {
  if (facts.length === 0) return nothing;
  return html`<dl class=${label === undefined ? 'facts' : 'headers'} aria-label=${label ?? nothing}>
    ${facts.map(
      ([name, value, tone]) =>
        html`<div>
          <dt>${name}</dt>
          <dd class=${tone ?? nothing}>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

export function textTemplate(id: string, label: string, text: unknown): TemplateResult {
  return html`<pre id=${id} tabindex="0" role="group" aria-label=${label}>${text}</pre>`;
}
