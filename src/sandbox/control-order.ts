import type { ErrorRequestHandler, Request, Router } from 'express';
import { z } from 'zod';
import type { CallCounts } from './orders.ts';

export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly status: number;
  readonly next: string;
  constructor(status: number, message: string, next: string) {
    super(message);
    this.status = status;
    this.next = next;
  }
}

/** An empty body counts as `{}`. @throws ControlError 400 that names the fields */
export function readOrder<T>(schema: z.ZodType<T>, request: Request): T {
  return readInput(schema, (request.body as unknown) ?? {});
}

export function readInput<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (!parsed.success) throw new ControlError(400, z.prettifyError(parsed.error), 'Correct the fields named above.');
  return parsed.data;
}

export const logQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(100) });

export function countCalls(router: Router, calls: CallCounts): void {
  router.get('/calls', (_request, response) => {
    response.json(Object.fromEntries(calls));
  });
  router.delete('/calls', (_request, response) => {
    calls.clear();
    response.status(204).end();
  });
}

/** Call it last, since it handles unknown controls and errors. */
export function endControls(router: Router): void {
  router.use((request) => {
    throw new ControlError(
      404,
      `the sandbox has no control ${request.method} ${request.baseUrl}${request.path}`,
      'To see the controls, GET /sandbox.',
    );
  });
  router.use(answerControlError);
}

const answerControlError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (error instanceof ControlError) {
    response.status(error.status).json({ error: error.message, next: error.next });
    return;
  }
  const rejected = rejectionOf(error);
  if (rejected === undefined) next(error);
  else response.status(rejected.status).json({ error: rejected.message, next: 'Send a JSON object of at most 64 KB.' });
};

export function rejectionOf(error: unknown): { readonly status: number; readonly message: string } | undefined {
  return z.object({ status: z.int().min(400).max(499), message: z.string() }).safeParse(error).data;
}
