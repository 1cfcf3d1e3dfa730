import { vendorDate } from '../../campaign-monitor/samples.ts';
import type { AddCall } from './api-call.ts';
import { clientOf, emailOf, readerScopes } from './api-call.ts';
import type { SandboxState } from './state.ts';
import { checkContact, isReadable } from './subscribers.ts';

export function addClientCalls(call: AddCall, state: SandboxState): void {
  call('get', '/systemdate.json', [], (_request, response) => {
    response.json({ SystemDate: vendorDate(new Date()) });
  });

  call('get', '/clients.json', [], (_request, response) => {
    response.json(state.clients.map((client) => ({ ClientID: client.clientId, Name: client.name })));
  });

  // Clients should not call this, because the vendor's response contains a live key. The call counts show who does.
  call('get', '/clients/:clientId.json', [], (request, response) => {
    const client = clientOf(state, request);
    response.json({
      ApiKey: `made-up-key-of-${client.clientId}`,
      BasicDetails: { ClientID: client.clientId, CompanyName: client.name, Country: 'Ireland', TimeZone: '(GMT) UTC' },
    });
  });

  call('get', '/clients/:clientId/lists.json', [], (request, response) => {
    const lists = state.listsOf(clientOf(state, request).clientId);
    response.json(lists.map((list) => ({ ListID: list.listId, Name: list.title })));
  });

  call('get', '/clients/:clientId/listsforemail.json', readerScopes, (request, response) => {
    const lists = state.listsOf(clientOf(state, request).clientId);
    const email = emailOf(request);
    checkContact(email);
    response.json(
      lists.flatMap(({ listId, title, subscribers }) => {
        const subscriber = subscribers.get(email);
        if (subscriber === undefined || !isReadable(subscriber)) return [];
        const { state: SubscriberState, joined: DateSubscriberAdded } = subscriber;
        return [{ ListID: listId, ListName: title, SubscriberState, DateSubscriberAdded }];
      }),
    );
  });

  // There are no segments here.
  call('get', '/clients/:clientId/segments.json', [], (request, response) => {
    clientOf(state, request);
    response.json([]);
  });
}
