/** The documented Subscribe sample of a webhook body [vendor]. */
export const subscribeSample =
  '{"Events":[{"CustomFields":[{"Key":"website","Value":"http://example.org"}],"Date":"2010-12-14 11:32:00","EmailAddress":"test@example.org","Name":"Test Subscriber","SignupIPAddress":"53.78.123.243","Type":"Subscribe"}],"ListID":"96c0bbdaa54760c8d9e62a2b7ffa2e13"}';

/** The same with a place that the load fills differently each time. */
export const markedSample = subscribeSample.replace('test@example.org', 'MARK@example.org');

/** As long as the notification that the sample becomes. */
export const notificationSample = subscribeSample.padEnd(870, ' ');

/** The sample, 300 bytes when its two places are filled: what the sustained load sends. */
export const sustainedTemplate = subscribeSample
  .replace('2010-12-14 11:32:00', '<date>')
  .replace('test@example.org', '<address>')
  .replace('Test Subscriber', 'Test Subscriber with a name of 39 bytes');

/** 2026-01-01, the date of the delivery with the number 0; each has the second after the one before. */
const firstSecond = Date.UTC(2026, 0, 1) / 1000;

/**
 * The body with that number: no other has its address or its date. `sustained.lua` makes the same.
 * @param number from 0
 */
export function sustainedBody(number: number): string {
  const date = new Date((firstSecond + number) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return sustainedTemplate
    .replace('<date>', date)
    .replace('<address>', `reader-${String(number).padStart(10, '0')}@example.org`);
}
