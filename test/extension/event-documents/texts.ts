import { inEnglish } from '../../../src/common/words.ts';
import type { DocumentTexts } from '../../../src/extension/event-documents/content.ts';
import { attemptName } from '../../../src/protocol/attempts.ts';

/** Texts for documents without VS Code. */
export const plainTexts: DocumentTexts = {
  attempts: (eventId) => `Attempts to send ${eventId}`,
  noAttempts: 'No attempt.',
  attempt: (attempt, replays, destination) =>
    `${attemptName(attempt, replays, inEnglish)} to send ${attempt.notificationId} to ${destination}`,
  columns: ['Attempt', 'Time', 'Notification', 'Destination', 'Answer', 'Took'],
  cells: ({ at, destination, status, durationMs }) => ({
    at,
    destination,
    answer: String(status ?? 'none'),
    took: `${durationMs} ms`,
  }),
  outcome: ({ status, error, outcome }) => `${status ?? error ?? ''}, ${outcome}`,
  verdict: ({ status, error }) => `Said ${status ?? error ?? ''}`,
  headersOfAnswer: 'Headers',
  answer: 'Answer',
  emptyAnswer: 'Empty.',
  truncatedAnswer: 'Cut off.',
  notText: (bytes) => `${bytes} bytes of binary data`,
  received: ({ id }) => `${id} as received`,
  signature: (check) => `Signature ${check}`,
  sent: (notificationId, destination) => `${notificationId} to ${destination}`,
  sentNowhere: (notificationId) => `${notificationId} nowhere`,
  noNotification: (eventId) => `No notification of ${eventId}.`,
  noAnswer: (number) => `No attempt ${number}.`,
  noEventObject: (eventId) => `No event object of ${eventId}.`,
  notice: (notice) => `Notice: ${notice.kind}`,
  answerLeftOut: 'Left out.',
};
