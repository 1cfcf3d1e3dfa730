import '@vscode-elements/elements/dist/vscode-button/index.js';
import { html, nothing, type TemplateResult } from 'lit/html.js';

export type Part = TemplateResult | typeof nothing;

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly tone?: 'good' | 'bad';
}

export function button(id: string, label: string, act: () => void, first = false): TemplateResult {
  return html`<vscode-button id=${id} ?secondary=${!first} @click=${act}>${label}</vscode-button>`;
}

export function factsTemplate(facts: readonly Fact[]): Part {
  return pairsTemplate('facts', facts);
}

export function headersTemplate(headers: readonly (readonly [name: string, value: string])[], label: string): Part {
  return pairsTemplate(
    'headers',
    headers.map(([name, value]) => ({ name, value })),
    label,
  );
}

function pairsTemplate(kind: 'facts' | 'headers', pairs: readonly Fact[], label?: string): Part {
  if (pairs.length === 0) return nothing;
  return html`<dl class=${kind} aria-label=${label ?? nothing}>
    ${pairs.map(
      ({ name, value, tone }) =>
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
