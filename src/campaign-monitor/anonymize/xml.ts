import sax from 'sax';
import { isCustomFields, roleOf, type Role } from './field-roles.ts';
import { isKnownNamespace, isOpenDeclaration, isSchemaWord } from './known.ts';

export interface XmlReplacements {
  text(original: string, role: Role): string;
  name(original: string): string;
}

/** As in xml.ts: each text looks through its ancestors. */
const deepest = 64;

/**
 * The order of elements and white space stay. Comments, processing instructions and the document type may contain
 * anything, so a comment replaces them.
 * @throws if the XML is not well-formed, or nested deeper than 64 elements
 */
export function rewriteXml(text: string, replace: XmlReplacements): string {
  const parser = sax.parser(true, { trim: false, normalize: false });
  const path: string[] = [];
  const selfClosing: boolean[] = [];
  let out = '';
  let pending = '';
  let cdata = '';
  const custom = (): boolean => path.slice(0, -1).some(isCustomFields);
  const value = (raw: string): string => {
    const inner = raw.trim();
    if (inner === '') return raw;
    const start = raw.indexOf(inner);
    const replaced = replace.text(inner, roleOf(path.at(-1) ?? '', custom()));
    return raw.slice(0, start) + replaced + raw.slice(start + inner.length);
  };
  const flush = (): void => {
    if (pending !== '') out += escapeXml(value(pending));
    pending = '';
  };
  parser.onerror = (error) => {
    throw error;
  };
  parser.ontext = (chunk) => {
    pending += chunk;
  };
  parser.onprocessinginstruction = ({ name, body }) => {
    flush();
    out +=
      name === 'xml' && isOpenDeclaration(body) ? `<?xml ${body.trim()}?>` : '<!-- processing instruction removed -->';
  };
  parser.ondoctype = () => {
    flush();
    out += '<!-- document type removed -->';
  };
  parser.oncomment = () => {
    flush();
    out += '<!-- comment removed -->';
  };
  parser.onopentag = (tag) => {
    flush();
    if (path.length >= deepest) throw new Error(`nested deeper than ${deepest} elements`);
    path.push(localName(tag.name));
    selfClosing.push(tag.isSelfClosing);
    out += `<${nameOf(tag.name, replace)}`;
    for (const [name, attribute] of Object.entries(tag.attributes)) {
      out += ` ${nameOf(name, replace)}="${escapeXml(attributeValue(name, String(attribute), replace)).replaceAll('"', '&quot;')}"`;
    }
    out += tag.isSelfClosing ? '/>' : '>';
  };
  parser.onclosetag = (name) => {
    flush();
    if (selfClosing.pop() !== true) out += `</${nameOf(name, replace)}>`;
    path.pop();
  };
  parser.onopencdata = () => {
    flush();
    cdata = '';
  };
  parser.oncdata = (chunk) => {
    cdata += chunk;
  };
  parser.onclosecdata = () => {
    out += `<![CDATA[${value(cdata)}]]>`;
  };
  parser.write(text.replace(/^\ufeff/, '')).close();
  flush();
  return out;
}

function attributeValue(name: string, value: string, replace: XmlReplacements): string {
  if (name === 'xmlns' || name.startsWith('xmlns:'))
    return isKnownNamespace(value) ? value : replace.text(value, 'value');
  if (/:(?:nil|type)$/.test(name) && isSchemaWord(value)) return value;
  return replace.text(value, roleOf(name, false));
}

function nameOf(name: string, replace: XmlReplacements): string {
  return name
    .split(':')
    .map((part) => replace.name(part))
    .join(':');
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
