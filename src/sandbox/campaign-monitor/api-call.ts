/** Shared by the calls of the emulated API: their registration, and reading their requests. */
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { SandboxClient } from './accounts.ts';
import type { KeptList } from './lists.ts';
import type { SandboxState } from './state.ts';
import type { Query } from './subscriber-pages.ts';
import { vendorErrors } from './vendor-error.ts';

/** The supported versions, all alike, below `/api/`. */
export const apiVersions = ['v3', 'v3.1', 'v3.2', 'v3.3'] as const;

/**
 * Registers a call: it is counted, and runs if one of the scopes was granted.
 * @param scopes none for a call that any token may make
 */
export type AddCall = (
  method: 'get' | 'post' | 'put' | 'delete',
  path: string,
  scopes: readonly string[],
  handler: (request: Request, response: Response) => void | Promise<void>,
) => void;

// The scope of each call is inferred, not documented: from those whose names mention lists, and subscribers.
/** To change a list, its fields and its webhooks. */
export const listScopes: readonly string[] = ['ManageLists'];
/** To change subscribers: one of them. */
export const subscriberScopes: readonly string[] = ['ImportSubscribers', 'ManageLists'];
/** To read subscribers: one of them. */
export const readerScopes: readonly string[] = [...subscriberScopes, 'ViewSubscribersInReports'];

/** @throws VendorError 400 for an invalid body */
export function readBody<T>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.body);
  if (!parsed.success) throw vendorErrors.unreadableBody(400, z.prettifyError(parsed.error));
  return parsed.data;
}

export function parameter(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}

/** The query with lower-case names: the vendor's own clients write them in different cases [code]. */
export function queryOf(request: Request): Query {
  const query = new Map<string, string>();
  for (const [name, values] of Object.entries(request.query)) {
    const [value] = Array.isArray(values) ? values : [values];
    if (typeof value === 'string' && !query.has(name.toLowerCase())) query.set(name.toLowerCase(), value);
  }
  return Object.fromEntries(query);
}

/** The client in the path. @throws VendorError 102 */
export function clientOf(state: SandboxState, request: Request): SandboxClient {
  const client = state.clients.find(({ clientId }) => clientId === parameter(request, 'clientId'));
  if (client === undefined) throw vendorErrors.wrongClient();
  return client;
}

/** The list in the path. @throws VendorError 101 */
export function listOf(state: SandboxState, request: Request): KeptList {
  const list = state.lists.get(parameter(request, 'listId'));
  if (list === undefined) throw vendorErrors.wrongList();
  return list;
}

/** The address in the query. @throws VendorError 1 if there is none */
export function emailOf(request: Request): string {
  const { email } = queryOf(request);
  if (email === undefined) throw vendorErrors.invalidEmail();
  return email;
}
