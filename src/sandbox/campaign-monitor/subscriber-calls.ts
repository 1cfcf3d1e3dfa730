import type { Request } from 'express';
import { emailOf, listOf, queryOf, readBody, readerScopes, subscriberScopes, type AddCall } from './api-call.ts';
import { historyAnswer } from './history.ts';
import type { KeptList } from './lists.ts';
import type { Outbox } from './outbox.ts';
import type { SandboxState } from './state.ts';
import { subscriberAnswer, wantedPreferences } from './subscriber-pages.ts';
import type { Admission, Subscriber } from './subscribers.ts';
import {
  activeSubscriber,
  addSchema,
  addSubscriber,
  checkContact,
  deactivateSubscriber,
  importSchema,
  importSubscribers,
  isReadable,
  knownSubscriber,
  unsubscribeSchema,
  updateSchema,
  updateSubscriber,
} from './subscribers.ts';
import { vendorErrors } from './vendor-error.ts';

export function addSubscriberCalls(call: AddCall, state: SandboxState, outbox: Outbox): void {
  const checkConsent = (request: Request, inputs: readonly { ConsentToTrack?: unknown }[]): void => {
    if (state.settings.consentToTrack === 'optional' || /\/v3(?:\.1)?$/.test(request.baseUrl)) return;
    const isMissing = inputs.some(({ ConsentToTrack: given }) => given === undefined || given === null || given === '');
    if (isMissing) throw vendorErrors.missingConsent();
  };

  const admission = (confirmedOptIn: boolean): Admission => ({
    joinsAs: confirmedOptIn ? 'Unconfirmed' : 'Active',
    activeAgain: state.settings.activeAgain,
    readableFrom: state.settings.readableAfterMs === 0 ? 0 : Date.now() + state.settings.readableAfterMs,
  });

  call('get', '/subscribers/:listId.json', readerScopes, (request, response) => {
    response.json(subscriberAnswer(namedSubscriber(state, request), wantedPreferences(queryOf(request))));
  });

  call('get', '/subscribers/:listId/history.json', readerScopes, (request, response) => {
    response.json(historyAnswer(namedSubscriber(state, request).history));
  });

  call('post', '/subscribers/:listId.json', subscriberScopes, (request, response) => {
    const { listId, subscribers, confirmedOptIn } = listOf(state, request);
    const input = readBody(addSchema, request);
    checkConsent(request, [input]);
    outbox.publish(listId, addSubscriber(subscribers, input, input.Resubscribe ?? false, admission(confirmedOptIn)));
    response.status(201).json(input.EmailAddress);
  });

  call('put', '/subscribers/:listId.json', subscriberScopes, (request, response) => {
    const { listId, subscribers, confirmedOptIn } = listOf(state, request);
    const input = readBody(updateSchema, request);
    checkConsent(request, [input]);
    const known = knownSubscriber(subscribers, emailOf(request));
    outbox.publish(listId, updateSubscriber(subscribers, known, input, admission(confirmedOptIn)));
    response.status(200).end();
  });

  // From all lists of the client with that setting, if this one has it [2nd].
  call('post', '/subscribers/:listId/unsubscribe.json', subscriberScopes, (request, response) => {
    const list = listOf(state, request);
    const { EmailAddress: email } = readBody(unsubscribeSchema, request);
    activeSubscriber(list.subscribers, email);
    const isOfAll = ({ unsubscribeSetting }: KeptList): boolean => unsubscribeSetting === 'AllClientLists';
    const left = isOfAll(list) ? state.listsOf(list.clientId).filter(isOfAll) : [list];
    for (const { listId, subscribers } of left) {
      const known = subscribers.get(email);
      if (known?.state !== 'Active') continue;
      outbox.publish(listId, deactivateSubscriber(subscribers, known, 'Unsubscribed'));
    }
    response.status(200).end();
  });

  call('delete', '/subscribers/:listId.json', subscriberScopes, (request, response) => {
    const { listId, subscribers } = listOf(state, request);
    const known = activeSubscriber(subscribers, emailOf(request));
    outbox.publish(listId, deactivateSubscriber(subscribers, known, 'Deleted'));
    response.status(200).end();
  });

  call('post', '/subscribers/:listId/import.json', subscriberScopes, (request, response) => {
    const { listId, subscribers, confirmedOptIn } = listOf(state, request);
    const input = readBody(importSchema, request);
    checkConsent(request, input.Subscribers);
    const { result, events } = importSubscribers(subscribers, input, admission(confirmedOptIn));
    outbox.publish(listId, events);
    if (result.FailureDetails.length > 0) throw vendorErrors.importFailures(result);
    response.status(201).json(result);
  });
}

function namedSubscriber(state: SandboxState, request: Request): Subscriber {
  const { subscribers } = listOf(state, request);
  const email = emailOf(request);
  checkContact(email);
  const subscriber = knownSubscriber(subscribers, email);
  if (!isReadable(subscriber)) throw vendorErrors.notInList();
  return subscriber;
}
