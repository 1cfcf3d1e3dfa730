/** What the calls of the emulated API have in common: how one is made known, and how its request is read. */
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { SandboxClient } from './accounts.ts';
import type { KeptList } from './lists.ts';
import type { SandboxState } from './state.ts';
import type { Query } from './subscriber-pages.ts';
import { vendorErrors } from './vendor-error.ts';

/** The versions that are served, all alike, below `/api/`. */
export const apiVersions = ['v3', 'v3.1', 'v3.2', 'v3.3'] as const;

/**
 * Makes a call known: counted, and carried out where one of the scopes was granted.
 * @param scopes none for a call that any token may make
 */
export type AddCall = (
  method: 'get' | 'post' | 'put' | 'delete',
  path: string,
  scopes: readonly string[],
  handler: (request: Request, response: Response) => void | Promise<void>,
) => void;

// Which scope a call needs is inferred, not documented: those that speak of lists, and of subscribers.
/** What it takes to change a list, its fields and its webhooks. */
export const listScopes: readonly string[] = ['ManageLists'];
/** What it takes to change subscribers: either of them. */
export const subscriberScopes: readonly string[] = ['ImportSubscribers', 'ManageLists'];
/** What it takes to read subscribers: any of them. */
export const readerScopes: readonly string[] = [...subscriberScopes, 'ViewSubscribersInReports'];

/** @throws VendorError 400 for a body that is none */
export function readBody<T>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.body);
  if (!parsed.success) throw vendorErrors.unreadableBody(400, z.prettifyError(parsed.error));
  return parsed.data;
}

/** A part of the path, decoded. */
export function parameter(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}

/** The query. Its names are read in any case, as the vendor's own clients write them in several [code]. */
export function queryOf(request: Request): Query {
  const query = new Map<string, string>();
  for (const [name, values] of Object.entries(request.query)) {
    const [value] = Array.isArray(values) ? values : [values];
    if (typeof value === 'string' && !query.has(name.toLowerCase())) query.set(name.toLowerCase(), value);
  }
  return Object.fromEntries(query);
}

/** The client that the path names. @throws VendorError 102 */
export function clientOf(state: SandboxState, request: Request): SandboxClient {
  const client = state.clients.find(({ clientId }) => clientId === parameter(request, 'clientId'));
  if (client === undefined) throw vendorErrors.wrongClient();
  return client;
}

/** The list that the path names. @throws VendorError 101 */
export function listOf(state: SandboxState, request: Request): KeptList {
  const list = state.lists.get(parameter(request, 'listId'));
  if (list === undefined) throw vendorErrors.wrongList();
  return list;
}

/** The address that the query names. @throws VendorError 1 where it names none */
export function emailOf(request: Request): string {
  const { email } = queryOf(request);
  if (email === undefined) throw vendorErrors.invalidEmail();
  return email;
}
