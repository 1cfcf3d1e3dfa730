import type { Request, Response } from 'express';
import { z } from 'zod';
import type { SandboxClient } from './accounts.ts';
import type { KeptList } from './lists.ts';
import type { SandboxState } from './state.ts';
import type { Query } from './subscriber-pages.ts';
import { vendorErrors } from './vendor-error.ts';

export const apiVersions = ['v3', 'v3.1', 'v3.2', 'v3.3'] as const;

export type AddCall = (
  method: 'get' | 'post' | 'put' | 'delete',
  path: string,
  scopes: readonly string[],
  handler: (request: Request, response: Response) => void | Promise<void>,
) => void;

// The scope of each call is inferred from those whose names mention lists or subscribers, not documented.
export const listScopes: readonly string[] = ['ManageLists'];
export const subscriberScopes: readonly string[] = ['ImportSubscribers', 'ManageLists'];
export const readerScopes: readonly string[] = [...subscriberScopes, 'ViewSubscribersInReports'];

export function readBody<T>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.body);
  if (!parsed.success) throw vendorErrors.unreadableBody(400, z.prettifyError(parsed.error));
  return parsed.data;
}

export function parameter(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}

/** Lower-case names: the vendor's own clients write them in different cases [code]. */
export function queryOf(request: Request): Query {
  const query = new Map<string, string>();
  for (const [name, values] of Object.entries(request.query)) {
    const [value] = Array.isArray(values) ? values : [values];
    if (typeof value === 'string' && !query.has(name.toLowerCase())) query.set(name.toLowerCase(), value);
  }
  return Object.fromEntries(query);
}

export function clientOf(state: SandboxState, request: Request): SandboxClient {
  const client = state.clients.find(({ clientId }) => clientId === parameter(request, 'clientId'));
  if (client === undefined) throw vendorErrors.wrongClient();
  return client;
}

export function listOf(state: SandboxState, request: Request): KeptList {
  const list = state.lists.get(parameter(request, 'listId'));
  if (list === undefined) throw vendorErrors.wrongList();
  return list;
}

export function emailOf(request: Request): string {
  const { email } = queryOf(request);
  if (email === undefined) throw vendorErrors.invalidEmail();
  return email;
}
