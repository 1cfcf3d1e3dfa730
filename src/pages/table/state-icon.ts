/** A shape for each state, so that it is visible without color. */
import { html, type TemplateResult } from 'lit/html.js';
import type { TableRow } from '../../extension/event-table/messages.ts';

type RowState = TableRow['state'];

const shapes: Readonly<Record<RowState, string>> = {
  sent: 'M3 8.5l3.5 3.5L13 4.5',
  failed: 'M4 4l8 8M12 4l-8 8',
  retrying: 'M12.5 8a4.5 4.5 0 1 1-1.4-3.2M11.5 2v3h-3',
  waiting: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3.5l2 1.5',
  held: 'M5.5 3.5v9M10.5 3.5v9',
  discarded: 'M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M4.2 11.8l7.6-7.6',
  rejected: 'M5.7 2.5h4.6l3.2 3.2v4.6l-3.2 3.2H5.7l-3.2-3.2V5.7zM8 5v4M8 10.5v1',
  test: 'M8 2.5l5.5 5.5l-5.5 5.5L2.5 8z',
  none: 'M3.5 8h9',
};

export function stateIcon(state: RowState): TemplateResult {
  return html`<svg viewBox="0 0 16 16" aria-hidden="true" class="icon"><path d=${shapes[state]}></path></svg>`;
}
