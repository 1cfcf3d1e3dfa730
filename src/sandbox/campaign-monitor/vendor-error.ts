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

/**
 * Codes 100 to 122 are the vendor's [vendor]. So are 5, 201 to 261, 601 to 610 and 800 to 803, with the titles on its
 * pages as messages [2nd]; the others name their source.
 */
export const vendorErrors = {
  invalidApiKey: () => new VendorError(401, 100, 'Invalid API Key'),
  wrongClient: () => new VendorError(401, 102, 'Invalid ClientID'),
  invalidToken: () => new VendorError(401, 120, 'Invalid OAuth Token'),
  expiredToken: () => new VendorError(401, 121, 'Expired OAuth Token'),
  revokedToken: () => new VendorError(401, 122, 'Revoked OAuth Token'),
  /** The code is the vendor's; the wording is ours. */
  permissionMissing: (scopes: readonly string[]) =>
    new VendorError(401, 60, `The permission needed for this call was not granted: ${scopes.join(' or ')}`),
  /** Old clients of the vendor know 101; the status is a guess [code]. */
  wrongList: () => new VendorError(400, 101, 'Invalid ListID'),
  invalidWebhookUrl: () => new VendorError(400, 601, 'Invalid Webhook URL'),
  invalidWebhookFormat: () => new VendorError(400, 602, 'Invalid Webhook Payload Format'),
  invalidWebhookEvent: () => new VendorError(400, 603, 'Invalid Webhook Event'),
  webhookFailed: (resultData: unknown) => new VendorError(400, 610, 'The webhook request has failed', resultData),
  /** As public clients know them [code]. */
  invalidEmail: () => new VendorError(400, 1, 'Please provide a valid email address.'),
  notInList: () => new VendorError(400, 203, 'Subscriber not in list or has already been removed.'),
  alreadySubscribed: () => new VendorError(400, 201, 'Already subscribed'),
  invalidNewEmail: () => new VendorError(400, 211, 'Invalid New Email Address'),
  nothingToImport: () => new VendorError(400, 212, 'No subscribers were provided in this batch'),
  missingConsent: () => new VendorError(400, 214, 'Please provide a consent to track value'),
  invalidConsent: () => new VendorError(400, 215, 'Please provide a valid consent to track value'),
  invalidMobileNumber: () => new VendorError(400, 220, 'Invalid mobile number'),
  invalidEmailAndMobileNumber: () => new VendorError(400, 221, 'Invalid email address and mobile number'),
  /** A public client has received this message [code]. */
  duplicateListTitle: () => new VendorError(400, 250, 'List title must be unique within a client'),
  emptyListTitle: () => new VendorError(400, 251, 'List Title Empty'),
  invalidUnsubscribeSetting: () => new VendorError(400, 261, 'Invalid List Unsubscribe Setting'),
  invalidFieldKey: () => new VendorError(400, 253, 'Invalid Key. Keys must be surrounded with [ ]'),
  invalidFieldName: () => new VendorError(400, 254, 'Invalid Field Name'),
  duplicateFieldName: () => new VendorError(400, 255, 'The Field Name already exists in this list'),
  needlessOptions: () => new VendorError(400, 256, 'Options defined for Text or Number Field'),
  missingOptions: () => new VendorError(400, 257, 'No options defined for Multi-Valued field'),
  invalidDataType: () => new VendorError(400, 259, 'Data type is incorrect'),
  invalidDate: () => new VendorError(400, 5, 'Invalid Date'),
  invalidPage: () => new VendorError(400, 800, 'Invalid page number'),
  invalidPageSize: () => new VendorError(400, 801, 'Invalid page size'),
  invalidOrderField: () => new VendorError(400, 802, 'Invalid order field'),
  invalidOrderDirection: () => new VendorError(400, 803, 'Invalid order direction'),
  importFailures: (resultData: unknown) => new VendorError(400, 210, 'Subscriber Import had some failures', resultData),
  notFound: () =>
    new VendorError(
      404,
      404,
      "We couldn't find the resource you're looking for. Please check the documentation and try again",
    ),
  /** The vendor's response to an unreadable or oversized body is unknown. */
  unreadableBody: (status: number, why: string) => new VendorError(status, status, why),
} as const;
