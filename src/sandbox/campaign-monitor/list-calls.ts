import type { SampleCustomField } from '../../campaign-monitor/samples.ts';
import { clientOf, listOf, listScopes, parameter, queryOf, readerScopes, type AddCall } from './api-call.ts';
import { listAnswer, listStats, readListSettings } from './lists.ts';
import type { SandboxState } from './state.ts';
import { subscriberPage } from './subscriber-pages.ts';
import { subscriberStates } from './subscribers.ts';

export function addListCalls(call: AddCall, state: SandboxState): void {
  const titlesOf = (clientId: string, except?: string): string[] =>
    state
      .listsOf(clientId)
      .filter(({ listId }) => listId !== except)
      .map(({ title }) => title);

  call('post', '/lists/:clientId.json', listScopes, (request, response) => {
    const { clientId } = clientOf(state, request);
    const list = state.addList(clientId, readListSettings(request.body, titlesOf(clientId)));
    response.status(201).json(list.listId);
  });

  call('get', '/lists/:listId.json', [], (request, response) => {
    response.json(listAnswer(listOf(state, request)));
  });

  call('put', '/lists/:listId.json', listScopes, (request, response) => {
    const list = listOf(state, request);
    state.changeList(list, readListSettings(request.body, titlesOf(list.clientId, list.listId)));
    response.status(200).end();
  });

  call('delete', '/lists/:listId.json', listScopes, (request, response) => {
    state.removeList(listOf(state, request));
    response.status(200).end();
  });

  call('get', '/lists/:listId/stats.json', [], (request, response) => {
    response.json(listStats(listOf(state, request).subscribers, new Date()));
  });

  call('get', '/lists/:listId/segments.json', [], (request, response) => {
    listOf(state, request);
    response.json([]);
  });

  for (const each of subscriberStates) {
    call('get', `/lists/:listId/${each.toLowerCase()}.json`, readerScopes, (request, response) => {
      response.json(subscriberPage(listOf(state, request).subscribers, each, queryOf(request)));
    });
  }

  call('get', '/lists/:listId/customfields.json', [], (request, response) => {
    response.json(listOf(state, request).subscribers.fields.answer());
  });

  call('post', '/lists/:listId/customfields.json', listScopes, (request, response) => {
    response.status(201).json(listOf(state, request).subscribers.fields.add(request.body));
  });

  // The values of subscribers follow. This triggers no webhook [inferred].
  call('put', '/lists/:listId/customfields/:key.json', listScopes, (request, response) => {
    const { subscribers } = listOf(state, request);
    const { before, after } = subscribers.fields.changed(parameter(request, 'key'), request.body);
    const renamed = (field: SampleCustomField): SampleCustomField =>
      field.Key === before.name ? { ...field, Key: after.name } : field;
    if (after.name !== before.name) subscribers.changeFields((values) => values.map(renamed));
    response.json(subscribers.fields.replace(before, after));
  });

  call('put', '/lists/:listId/customfields/:key/options.json', listScopes, (request, response) => {
    listOf(state, request).subscribers.fields.setOptions(parameter(request, 'key'), request.body);
    response.status(200).end();
  });

  call('delete', '/lists/:listId/customfields/:key.json', listScopes, (request, response) => {
    const { subscribers } = listOf(state, request);
    const { name } = subscribers.fields.remove(parameter(request, 'key'));
    subscribers.changeFields((values) => values.filter(({ Key }) => Key !== name));
    response.status(200).end();
  });
}
