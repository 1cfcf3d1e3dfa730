/** Parts of which the pages are made. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import { html, nothing } from 'lit/html.js';
import type { TemplateResult } from 'lit/html.js';

/** What a template holds where there may be nothing. */
export type Part = TemplateResult | typeof nothing;

/** A name and what belongs to it; a tone gives it a colour beside its words. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly tone?: 'good' | 'bad';
}

/** A button that acts. @param first whether it is the one that leads */
export function button(id: string, label: string, act: () => void, first = false): TemplateResult {
  return html`<vscode-button id=${id} ?secondary=${!first} @click=${act}>${label}</vscode-button>`;
}

/** What is known of something, one beside the other. */
export function factsTemplate(facts: readonly Fact[]): Part {
  return pairsTemplate('facts', facts);
}

/** Headers as they were sent, one below the other. @param label what a screen reader calls them */
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

/** A text of outside, as it came, which scrolls in itself. @param label what a screen reader calls it */
export function textTemplate(id: string, label: string, text: unknown): TemplateResult {
  return html`<pre id=${id} tabindex="0" role="group" aria-label=${label}>${text}</pre>`;
}
