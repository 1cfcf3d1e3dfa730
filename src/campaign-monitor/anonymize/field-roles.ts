/** What a field holds, as far as that decides its replacement. */
export type Role = 'name' | 'customKey' | 'customValue' | 'word' | 'date' | 'topic' | 'value';

const wordFields = new Set(['type', 'state', 'eventtype', 'objecttype', 'elementkey', 'hubkey', 'severity', 'action']);
const dateFields = new Set(['date', 'createddate', 'polldate', 'eventdate']);

export function roleOf(field: string, inCustomField: boolean): Role {
  const name = field.toLowerCase();
  if (inCustomField) return name === 'key' ? 'customKey' : 'customValue';
  if (name === 'name') return 'name';
  if (name === 'topic') return 'topic';
  if (wordFields.has(name)) return 'word';
  return dateFields.has(name) ? 'date' : 'value';
}

/** Their keys and values are the customer's own. */
export function isCustomFields(name: string): boolean {
  return /^CustomFields?$/i.test(name);
}
