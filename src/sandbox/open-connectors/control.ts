import express, { Router } from 'express';
import { z } from 'zod';
import { ControlError, countCalls, endControls, logQuery, readInput, readOrder } from '../control-order.ts';
import { accountSettings, instanceAnswer } from './instance-answer.ts';
import type { Instances } from './instances.ts';
import type { Notifier } from './notifier.ts';
import { eventSources, type PlatformState } from './state.ts';
import type { VendorLink } from './vendor-link.ts';

export const platformControls: Readonly<Record<string, string>> = {
  'GET /sandbox/open-connectors':
    'the Open Connectors part: credentials, settings, instances with their webhooks, and available calls',
  'DELETE /sandbox/open-connectors/instances': 'deletes all instances and their webhooks',
  'GET /sandbox/open-connectors/notifications': 'the log of notifications, newest first; ?limit=',
  'GET /sandbox/open-connectors/calls': 'number of calls for each method',
  'DELETE /sandbox/open-connectors/calls': 'resets the call counts',
  'PATCH /sandbox/open-connectors/settings':
    '{retryDelaysMs?, callbackTimeoutMs?, partSize?, deliveriesPageSize?, readingNotifies?, tellsActive?, eventSource?}',
  'POST /sandbox/open-connectors/failures':
    'changes the answers to the next calls: {call, times?, status?, message?, providerMessage?, silent?, delayMs?, carriedOut?}',
  'DELETE /sandbox/open-connectors/failures': 'cancels the remaining changes',
};

const settingsSchema = z.strictObject({
  retryDelaysMs: z.array(z.int().min(0).max(86_400_000)).max(50).optional(),
  callbackTimeoutMs: z.int().min(1).max(600_000).optional(),
  partSize: z.int().min(1).max(1000).optional(),
  deliveriesPageSize: z.int().min(1).max(2000).optional(),
  readingNotifies: z.boolean().optional(),
  tellsActive: z.boolean().optional(),
  eventSource: z.enum(eventSources).optional(),
});

const failureSchema = z
  .strictObject({
    call: z.string().describe('such as "POST /instances"; "*" for any'),
    times: z.int().min(1).max(1000).default(1),
    status: z.int().min(400).max(599).optional(),
    message: z.string().default('The sandbox was set to fail'),
    providerMessage: z.string().optional(),
    silent: z.boolean().default(false).describe('Never answers.'),
    delayMs: z.int().min(0).max(600_000).default(0),
    carriedOut: z.boolean().default(false).describe('Carries out the call, then fails.'),
  })
  .refine((order) => order.status !== undefined || order.silent || order.delayMs > 0, {
    error: 'requires "status", "silent", or "delayMs"',
  });

export interface PlatformControlParts {
  readonly state: PlatformState;
  readonly instances: Instances;
  readonly notifier: Notifier;
  readonly link: VendorLink;
  readonly calls: readonly string[];
}

export function platformControlRouter({ state, instances, notifier, link, calls }: PlatformControlParts): Router {
  const router = Router();
  router.use(express.json({ type: () => true, limit: '64kb' }));

  router.get('/', (_request, response) => {
    response.json({
      credentials: state.credentials,
      settings: state.settings,
      accountSettings: accountSettings(state),
      calls,
      instances: [...state.instances.values()].map((instance) => ({
        ...instanceAnswer(instance, link.isValid(instance.access)),
        webhooks: Object.fromEntries(instance.webhooks),
      })),
    });
  });

  router.delete('/instances', (_request, response) => {
    for (const instance of [...state.instances.values()]) instances.remove(instance);
    response.status(204).end();
  });

  router.get('/notifications', (request, response) => {
    response.json(notifier.log(readInput(logQuery, request.query).limit));
  });

  countCalls(router, state.calls);

  router.patch('/settings', (request, response) => {
    Object.assign(state.settings, readOrder(settingsSchema, request));
    response.json(state.settings);
  });

  router.post('/failures', (request, response) => {
    const { status, silent, providerMessage = null, ...order } = readOrder(failureSchema, request);
    if (order.call !== '*' && !calls.includes(order.call)) {
      throw new ControlError(
        404,
        `the platform has no call "${order.call}"`,
        'To see the calls, GET /sandbox/open-connectors.',
      );
    }
    state.orders.add({ ...order, providerMessage, status: silent ? null : status });
    response.status(204).end();
  });
  router.delete('/failures', (_request, response) => {
    state.orders.clear();
    response.status(204).end();
  });

  endControls(router);
  return router;
}
