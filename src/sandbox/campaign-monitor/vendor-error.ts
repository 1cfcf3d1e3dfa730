/** The error answers of Campaign Monitor's API: `{"Code":number,"Message":string}`, with `ResultData` for some. */

export class VendorError extends Error {
  override readonly name = 'VendorError';
  readonly status: number;
  readonly code: number;
  readonly resultData: unknown;
  constructor(status: number, code: number, message: string, resultData?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.resultData = resultData;
  }

  toJSON(): object {
    return {
      ...(this.resultData === undefined ? {} : { ResultData: this.resultData }),
      Code: this.code,
      Message: this.message,
    };
  }
}

/** Codes 100 to 122 are the vendor's [vendor], and so are 601 to 610 [2nd]; the others say where they come from. */
export const vendorErrors = {
  invalidApiKey: () => new VendorError(401, 100, 'Invalid API Key'),
  wrongClient: () => new VendorError(401, 102, 'Invalid ClientID'),
  invalidToken: () => new VendorError(401, 120, 'Invalid OAuth Token'),
  expiredToken: () => new VendorError(401, 121, 'Expired OAuth Token'),
  revokedToken: () => new VendorError(401, 122, 'Revoked OAuth Token'),
  /** The code is the vendor's; the wording is ours. */
  permissionMissing: (scopes: readonly string[]) =>
    new VendorError(401, 60, `The permission needed for this call was not granted: ${scopes.join(' or ')}`),
  /** 101 is what old clients of the vendor know; the status is a guess [code]. */
  wrongList: () => new VendorError(400, 101, 'Invalid ListID'),
  invalidWebhookUrl: () => new VendorError(400, 601, 'Invalid Webhook URL'),
  invalidWebhookFormat: () => new VendorError(400, 602, 'Invalid Webhook Payload Format'),
  invalidWebhookEvent: () => new VendorError(400, 603, 'Invalid Webhook Event'),
  webhookFailed: (resultData: unknown) => new VendorError(400, 610, 'The webhook request has failed', resultData),
  /** Codes of the subscriber calls, as public clients know them [code]. */
  invalidEmail: () => new VendorError(400, 1, 'Please provide a valid email address.'),
  notInList: () => new VendorError(400, 203, 'Subscriber not in list or has already been removed.'),
  importFailures: (resultData: unknown) => new VendorError(400, 210, 'Subscriber Import had some failures', resultData),
  notFound: () =>
    new VendorError(
      404,
      404,
      "We couldn't find the resource you're looking for. Please check the documentation and try again",
    ),
  /** Where the sandbox keeps no more; whether the vendor has such bounds is unknown. */
  tooMany: (what: string) => new VendorError(400, 400, `The sandbox has as many ${what} as it keeps`),
  /** What the vendor answers to an unreadable or oversized body is unknown. */
  unreadableBody: (status: number, why: string) => new VendorError(status, status, why),
  tooManyRequests: () => new VendorError(429, 429, 'Too many requests: wait before the next one'),
} as const;
