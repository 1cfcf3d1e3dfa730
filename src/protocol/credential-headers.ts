/** Headers that carry credentials: never written to disk, shown or exported. Matched on the lower-case name. */
const credentialHeader =
  /^(?:(?:proxy-)?authorization|cookie2?|set-cookie2?|x-csrf-token|x-xsrf-token)$|(?:^|[-_])(?:token|secret|password|passwd|credentials?|session|auth|authorization|jwt|apikey|(?:api|private|access|auth|functions|subscription)[-_]key)(?:[-_]|$)/;

/**
 * Whether a header carries a credential (`authorization`, `cookie`, `x-api-key`, …).
 * @param name the header's name, in any case
 */
export function isCredentialHeader(name: string): boolean {
  return credentialHeader.test(name.toLowerCase());
}
