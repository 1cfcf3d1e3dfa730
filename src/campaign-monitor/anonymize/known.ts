/**
 * What the vendors write themselves, and is not personal. Recognized by the words it consists of, so that an
 * undocumented field or state is shown, and a person's name is not. None of these words is a name.
 */

const words = new Set(
  // Fields of both vendors, and similar ones.
  (
    'account action active activity added address addresses age amount answer api app attempt attempts attribute authored ' +
    'batch body bool boolean bounce bounced browser callback campaign campaignmonitor campaigns category change changed ' +
    'channel city client clients cm code company complaint complained complaints confirm confirmed connector consent ' +
    'contact contacts content count country create created createsend creation currency custom customer customers data ' +
    'date datetime deactivate deactivated default delete deleted delivered delivery description detail details device ' +
    'disabled display domain double element elements email emails enabled entries entry error errors event events expired ' +
    'extra failed field fields first flag format from full global group groups guid hard header hook html http hub id ids ' +
    'identifier inactive info instance instances int integer interaction internal invalid ip item items job journey key ' +
    'keys kind label language last lat latitude level limit link links list lists locale location lon longitude mail ' +
    'manual marketing medium member members message messages method metadata min mobile mode modified moved name names ' +
    'new next nil note notes notification notifications null number object objects offset old opened opt optin optout order ' +
    'original other out owner parent part parts path pending permission phone platform poll polled position ' +
    'postal preference preferences previous priority product profile provider query raw re read reason received record ' +
    'records ref referrer region registered removed request resource response result results resubscribe resubscribed ' +
    'reverted rule score secondary segment segments sent sequence server severity sex sign signature signup site size sms ' +
    'soft source spam start state status step street string sub subject subscribe subscribed subscriber subscribers ' +
    'subscription subscriptions suppress suppressed suppression system tag tags test text time timestamp timezone title ' +
    'to token topic total track tracking transactional trigger true type types unconfirmed undeliverable unknown ' +
    'unsubscribe unsubscribed unsubscription update updated updates url urls use user users utc uuid v valid value values ' +
    'verified version via vip visible web webhook webhooks website week xml year zero zip zone high low critical ' +
    // Of XML, and of the parts of messages.
    'array arrays any datacontract serialization xhtml attributes doc document envelope i ns root s schema schemas soap type xmlns xs xsd xsi a b ' +
    // Headers that vendors, servers and tunnels set.
    'accept agent authorization bytes cache cdn cf charset connecting connection control cookie correlation dnt encoding ' +
    'etag expect fly forwarded forwarding host hop ipcountry keep alive length ngrok no origin port pragma priority proto ' +
    'proxy range real referer scheme sec secure session set span te trace traceparent tracestate trailer transfer ' +
    'for of the by in on at and with tunnel upgrade upgradeinsecurerequests visitor warning www x elements hmac sha256 bypass reminder'
  ).split(' '),
);

/** Where a name is split: between words, before the number of a version, and at other characters. */
const between = /[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=\d)/;

const longestName = 60;

function isOfKnownWords(text: string): boolean {
  const parts = text.split(between).filter((part) => part !== '');
  const numbers = parts.filter((part) => /^\d{1,2}$/.test(part)).length;
  if (numbers > 1 || parts.length === numbers) return false;
  return parts.every((part) => /^\d{1,2}$/.test(part) || words.has(part.toLowerCase()));
}

export function isKnownName(name: string): boolean {
  if (name.length > longestName) return false;
  // A single letter is no person's name. Both signs together would make an address of known words.
  return (
    /^[A-Za-z]$/.test(name) || (/^[A-Za-z_$@#](?:[\w:$-]*@?[\w:$-]*|[\w.:$-]*)$/.test(name) && isOfKnownWords(name))
  );
}

/** Whether a value may be a word of a vendor's vocabulary, as in `Type`, `State` and `objectType`. */
export function isKnownWord(text: string): boolean {
  return /^[A-Za-z][A-Za-z-]{1,30}$/.test(text) && isOfKnownWords(text);
}

const time = '(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,3})?)?';
const date = new RegExp(
  `^(?:19|20)\\d\\d-(?:0\\d|1[0-2])-(?:[0-2]\\d|3[01])(?:[ T]${time}(?:Z|[+-](?:0\\d|1[0-4]):?[0-5]\\d)?)?$`,
);
/** Java's Date.toString(), as in Open Connectors' createdDate. */
const javaDate = new RegExp(
  '^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) ' +
    `[0-3]\\d ${time} (?:UTC|GMT|CET|CEST|BST|E[DS]T|C[DS]T|M[DS]T|P[DS]T|AE[DS]T) 20\\d\\d$`,
);

export function isKnownDate(text: string): boolean {
  return date.test(text) || javaDate.test(text);
}

/** Values that the vendors write in place of a personal one. */
export const constants: ReadonlySet<string> = new Set(['TypeManual', 'notifications@cloud-elements.com']);

function listOf(words: string): RegExp {
  const each = `(?:${words})`;
  return new RegExp(`^${each}(?:[,;] ?${each})*$`, 'i');
}

const charset =
  '(?:utf-?8|utf-16(?:le|be)?|us-ascii|iso-8859-(?:1[0-6]|[1-9])|windows-125[0-8]|shift_jis|gbk|gb18030|big5|euc-(?:jp|kr))';
const quality = '(?:; ?q=(?:0(?:\\.\\d{1,3})?|1))?';
const media =
  '(?:\\*/\\*|(?:application|text)/(?:\\*|json|xml|html|plain|javascript|soap\\+xml|problem\\+json|problem\\+xml|octet-stream|x-www-form-urlencoded)|multipart/form-data)';
const codings = `(?:gzip|x-gzip|deflate|br|zstd|identity|compress|chunked|\\*)${quality}`;
const products =
  'CM|CampaignMonitor|Campaign-Monitor|createsend|CloudElements|Mozilla|Java|Apache-HttpClient|HttpClient|okhttp|curl|node|node-fetch|undici|axios|Go-http-client|python-requests|Python|Webhooks?';
const product = `(?:${products})(?:/v?\\d{1,3}(?:\\.\\d{1,3}(?:\\.\\d{1,2})?)?)?`;

/** Whether an XML declaration contains only its version, a known character set, and whether it stands alone. */
export function isOpenDeclaration(text: string): boolean {
  return openDeclaration.test(text);
}

const openDeclaration = new RegExp(
  `^(?:\\s*(?:version=["']1\\.[01]["']|encoding=["']${charset}["']|standalone=["'](?:yes|no)["']))*\\s*$`,
  'i',
);

const namespace =
  /^https?:\/\/(?:(?:www|api|schemas)\.)?(?:w3\.org|createsend\.com|campaignmonitor\.com|microsoft\.com)(?:\/(?:19|20)\d\d(?:\/(?:0[1-9]|1[0-2]))?)?(?<rest>(?:\/[A-Za-z-]{1,40}){0,5})\/?$/;

export function isKnownNamespace(uri: string): boolean {
  const rest = namespace.exec(uri)?.groups?.['rest'];
  return rest !== undefined && (rest === '' || isOfKnownWords(rest));
}

/** Whether a value is of XML Schema's vocabulary, as in `i:nil="true"` and `i:type="xsd:string"`. */
export function isSchemaWord(value: string): boolean {
  return /^(?:true|false|(?:xs|xsd):(?:any(?:Type|URI)|string|token|boolean|decimal|float|double|duration|dateTime|time|date|g(?:Year|Month|Day)|int(?:eger)?|long|short|byte|base64Binary|hexBinary|(?:unsigned)(?:Int|Long|Short|Byte)|(?:positive|negative|non(?:Positive|Negative))Integer))$/.test(
    value,
  );
}

/** Headers that show how the vendor sends and are not personal, with the values that are kept. */
const openHeaders: ReadonlyMap<string, RegExp> = new Map(
  Object.entries({
    accept: listOf(media + quality),
    'accept-charset': listOf(`(?:${charset}|\\*)${quality}`),
    'accept-encoding': listOf(codings),
    'cache-control': listOf('no-cache|no-store|no-transform|must-revalidate|private|public|max-age=0'),
    connection: listOf('close|keep-alive|upgrade|te'),
    'content-encoding': listOf(codings),
    'content-type': new RegExp(`^${media}(?:; ?charset=(?:"${charset}"|${charset}))?$`, 'i'),
    expect: /^100-continue$/i,
    pragma: /^no-cache$/i,
    'transfer-encoding': listOf(codings),
    'user-agent': new RegExp(`^${product}(?: (?:${product}|\\((?:compatible|${product})\\)))*$`, 'i'),
  }),
);

export function isOpenHeader(name: string, value: string): boolean {
  return value.length <= 200 && openHeaders.get(name.toLowerCase())?.test(value) === true;
}
