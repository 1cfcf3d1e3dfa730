/** `{"requestId","message"[,"providerMessage"]}` [docs]. */

/** The statuses are the documented ones; the wording is ours. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError';
  readonly status: number;
  /** Null unless Campaign Monitor refused. */
  readonly providerMessage: string | null;
  constructor(status: number, message: string, providerMessage: string | null = null) {
    super(message);
    this.status = status;
    this.providerMessage = providerMessage;
  }
}

export const platformErrors = {
  badRequest: (message: string) => new PlatformError(400, message),
  refusedByVendor: (message: string, providerMessage: string) => new PlatformError(400, message, providerMessage),
  unauthorized: () => new PlatformError(401, 'Invalid Organization or User Secret, or invalid Element token provided.'),
  vendorUnauthorized: (providerMessage: string) =>
    new PlatformError(401, 'The connector instance is no longer authorized', providerMessage),
  disabled: () => new PlatformError(403, 'The connector instance is disabled'),
  noElement: (key: string) => new PlatformError(404, `No element found with key ${key}`),
  noInstance: (id: string) => new PlatformError(404, `No element instance found with id ${id}`),
  noMatch: () => new PlatformError(404, 'No element instances found'),
  noEvent: (id: string) => new PlatformError(404, `No event found with id ${id}`),
  noDelivery: (notification: string, subscription: string) =>
    new PlatformError(404, `No delivery found of notification ${notification} to subscription ${subscription}`),
  noAccount: (id: string) => new PlatformError(404, `No account found with id ${id}`),
  notFound: () => new PlatformError(404, 'Resource not found'),
  wrongMethod: (method: string) => new PlatformError(405, `Request method '${method}' not supported`),
  busy: () => new PlatformError(503, 'Too many notifications are queued'),
  notAcceptable: () => new PlatformError(406, 'Only application/json can be returned'),
  wrongContentType: () => new PlatformError(415, 'Only application/json is accepted'),
} as const;
