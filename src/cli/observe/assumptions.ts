/**
 * What neither vendor documents and an observation can settle: each an entry, with the row of docs/assumptions.md that
 * says it, how it is judged, and the setting that corrects it.
 */
import {
  judgeActiveAgain,
  judgeBatching,
  judgeDateZone,
  judgeDeliveryRetries,
  judgeDeliverySchedule,
  judgeDeliveryTimeout,
  judgeHeaders,
  judgeMixedTypes,
  judgeOrder,
  judgeReadable,
  judgeTestCall,
  judgeWebhookStatus,
  judgeXml,
} from './delivery-judgements.ts';
import type { Evidence } from './evidence.ts';
import {
  judgeEnvelope,
  judgeEventIdOnRetry,
  judgeEventTypes,
  judgeInstanceLog,
  judgeObjectId,
  judgeObjectType,
  judgePartSize,
  judgePlatformFailures,
  judgePlatformSchedule,
  judgeRaw,
  judgeWebhookId,
} from './platform-judgements.ts';
import { open } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** One assumption. */
export interface Assumption {
  /** Its row in docs/assumptions.md. */
  readonly id: string;
  /** What is assumed, as that row says it. */
  readonly assumption: string;
  /** Whether it takes an instance of Open Connectors to see it. */
  readonly needsInstance: boolean;
  readonly judge: (evidence: Evidence) => Verdict;
}

/** All that an observation looks at, as docs/assumptions.md has it. */
export const assumptions: readonly Assumption[] = [
  {
    id: 'event-types',
    assumption: 'Subscribe → `CREATED`, Update → `UPDATED`, Deactivate → `DELETED`, anything else `UNKNOWN`',
    needsInstance: true,
    judge: judgeEventTypes,
  },
  { id: 'object-type', assumption: '`objectType` is `contacts`', needsInstance: true, judge: judgeObjectType },
  {
    id: 'object-id',
    assumption: "`objectId` is the event's `EmailAddress`; for an Update, the new one",
    needsInstance: true,
    judge: judgeObjectId,
  },
  {
    id: 'part-size',
    assumption:
      "a notification has at most 20 event objects (documented for the platform's webhooks in general, not for this connector)",
    needsInstance: true,
    judge: judgePartSize,
  },
  { id: 'raw', assumption: "`raw` is the vendor's body", needsInstance: true, judge: judgeRaw },
  {
    id: 'envelope',
    assumption: '`severity`, `action`, `topic`, and `user` are as in the two public captures',
    needsInstance: true,
    judge: judgeEnvelope,
  },
  {
    id: 'webhook-id',
    assumption: "`Elements-Webhook-Id` contains the notification's `eventId` (the header is known, its meaning isn't)",
    needsInstance: true,
    judge: judgeWebhookId,
  },
  {
    id: 'platform-failures',
    assumption:
      'an answer of 500 is a failure; which others are is not known (only the retry schedules are documented)',
    needsInstance: true,
    judge: judgePlatformFailures,
  },
  {
    id: 'platform-schedule',
    assumption:
      'the platform retries after 8, 64, 512, 4096, and 32768 s, as SAP documents, and not as Cloud Elements did',
    needsInstance: true,
    judge: judgePlatformSchedule,
  },
  {
    id: 'retry-id',
    assumption: 'a retry of the platform has the same `eventId` and the same bytes',
    needsInstance: true,
    judge: judgeEventIdOnRetry,
  },
  {
    id: 'instance-log',
    assumption:
      "an event in the platform's log of an instance corresponds to the notification whose `message.eventId` is its `id`",
    needsInstance: true,
    judge: judgeInstanceLog,
  },
  {
    id: 'date-zone',
    assumption: "`Date` is in the client account's time zone",
    needsInstance: false,
    judge: judgeDateZone,
  },
  {
    id: 'xml-shape',
    assumption:
      'the structure of XML: `ListID`, each `Event` below `Events`, each `CustomField` with `Key` and `Value`, wherever the root is',
    needsInstance: false,
    judge: judgeXml,
  },
  {
    id: 'mixed-types',
    assumption: 'one POST may contain several event types',
    needsInstance: false,
    judge: judgeMixedTypes,
  },
  {
    id: 'test-call',
    assumption:
      'a test call posts an empty body, an object without events, or an example of each event; these examples count as events',
    needsInstance: false,
    judge: judgeTestCall,
  },
  {
    id: 'delivery-retries',
    assumption: 'deliveries are retried on anything but 2xx',
    needsInstance: false,
    judge: judgeDeliveryRetries,
  },
  {
    id: 'delivery-headers',
    assumption: 'no header of a delivery has a signature or an ID',
    needsInstance: false,
    judge: judgeHeaders,
  },
  {
    id: 'webhook-status',
    assumption: 'a webhook is inactive unless its `Status` is `Active`',
    needsInstance: false,
    judge: judgeWebhookStatus,
  },
  {
    id: 'delivery-schedule',
    assumption: 'Campaign Monitor retries after 1, 5, and 30 s',
    needsInstance: false,
    judge: judgeDeliverySchedule,
  },
  {
    id: 'delivery-timeout',
    assumption: 'Campaign Monitor waits 10 s for the answer to a delivery',
    needsInstance: false,
    judge: judgeDeliveryTimeout,
  },
  {
    id: 'active-again',
    assumption: 'a subscriber who becomes active again triggers Subscribe, also through an update',
    needsInstance: false,
    judge: judgeActiveAgain,
  },
  {
    id: 'readable-at-once',
    assumption: 'the API can read a subscriber it has added at once',
    needsInstance: false,
    judge: judgeReadable,
  },
  {
    id: 'order',
    assumption: 'events are posted in the order of the changes',
    needsInstance: false,
    judge: judgeOrder,
  },
  {
    id: 'batching',
    assumption: 'the events of one import, up to 1,000, are posted together',
    needsInstance: false,
    judge: judgeBatching,
  },
];

/** An assumption, and how it stands. */
export interface Judged extends Verdict {
  readonly id: string;
  readonly assumption: string;
}

const withoutInstance = 'not observed: add --instance';

/** Whether an assumption is open only since no instance was watched. */
export function lacksInstance({ finding }: Judged): boolean {
  return finding === withoutInstance;
}

/** Judges all. */
export function judgeAll(evidence: Evidence): readonly Judged[] {
  return assumptions.map(({ id, assumption, needsInstance, judge }) => ({
    id,
    assumption,
    ...(needsInstance && evidence.seen.instance === null ? open(withoutInstance) : judgedWithin(judge, evidence)),
  }));
}

/** JSON may be nested deeper than anything that compares it can go. */
function judgedWithin(judge: Assumption['judge'], evidence: Evidence): Verdict {
  try {
    return judge(evidence);
  } catch (error) {
    if (error instanceof RangeError) return open('what was posted is nested too deep to be compared');
    throw error;
  }
}
