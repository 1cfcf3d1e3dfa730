import type { ChosenEvents, LeftOfChoice } from '../../../src/extension/event-table/messages.ts';

/**
 * What is left of a choice in a view, as the extension has it of the relay.
 * @param filter the view's
 * @param found the numbers of its events, in its order
 */
export function leftOf(chosen: ChosenEvents, filter: string, found: readonly number[]): LeftOfChoice {
  const isAll = 'filter' in chosen;
  const before = isAll && chosen.filter === filter ? Number(chosen.before.slice(1)) : 0;
  const named = new Set(isAll ? chosen.except : chosen.ids);
  const left = found.filter((number) =>
    isAll ? number < before && !named.has(`e${number}`) : named.has(`e${number}`),
  );
  const active = found.findIndex((number) => `e${number}` === chosen.active);
  return {
    ids: isAll ? [] : left.map((number) => `e${number}`),
    ...{ count: left.length, active: active === -1 ? null : active },
  };
}

/** As the extension then has it. */
export function leftToChoose(chosen: ChosenEvents, filter: string, { ids, active }: LeftOfChoice): ChosenEvents {
  const is = active === null ? null : chosen.active;
  return 'filter' in chosen && chosen.filter === filter ? { ...chosen, active: is } : { ids: [...ids], active: is };
}
