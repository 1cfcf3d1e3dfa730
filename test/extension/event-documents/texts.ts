import type { DocumentTexts } from '../../../src/extension/event-documents/content.ts';

/** Texts for documents without VS Code. */
export const plainTexts: DocumentTexts = {
  noAttempts: 'No attempt.',
  verdict: ({ status, error }) => `Said ${status ?? error ?? ''}`,
  emptyAnswer: 'Empty.',
  truncatedAnswer: 'Cut off.',
  noNotification: (eventId) => `No notification of ${eventId}.`,
  noAnswer: (number) => `No attempt ${number}.`,
  noEventObject: (eventId) => `No event object of ${eventId}.`,
  notice: (notice) => `Notice: ${notice.kind}`,
};
