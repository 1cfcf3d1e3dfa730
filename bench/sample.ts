/** The documented Subscribe sample of a webhook body [vendor]. */
export const subscribeSample =
  '{"Events":[{"CustomFields":[{"Key":"website","Value":"http://example.org"}],"Date":"2010-12-14 11:32:00","EmailAddress":"test@example.org","Name":"Test Subscriber","SignupIPAddress":"53.78.123.243","Type":"Subscribe"}],"ListID":"96c0bbdaa54760c8d9e62a2b7ffa2e13"}';

/** The same with a place that the load fills differently each time. */
export const markedSample = subscribeSample.replace('test@example.org', 'MARK@example.org');

/** As long as the notification that the sample becomes. */
export const notificationSample = subscribeSample.padEnd(870, ' ');
