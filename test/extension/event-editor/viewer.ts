import type { Viewer } from '../../../src/extension/event-editor/event-view.ts';
import { plainTexts } from '../event-documents/texts.ts';
import { around } from '../events/rows.ts';

/** Who looks at an event, in English; now is the time that the test says. */
export function viewer(changes: Partial<Viewer> = {}): Viewer {
  return {
    around: around({ now: Date.now() }),
    nameOfList: () => undefined,
    objectIdField: 'EmailAddress',
    documentTexts: plainTexts,
    language: 'en',
    ...changes,
  };
}
