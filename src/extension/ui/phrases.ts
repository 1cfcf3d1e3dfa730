import { say } from '../../common/say.ts';
import { inMessage, printable } from './printable.ts';

export interface ListNaming {
  nameOfList(listId: string): string | undefined;
}

/** A vendor's time without a zone isn't converted. */
export function dateOf(date: string, language: string): string {
  const time = /^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}/.test(date) ? new Date(date) : undefined;
  return time === undefined || Number.isNaN(time.getTime()) ? printable(date) : time.toLocaleString(language);
}

export function listOf(list: string, names: ListNaming): string {
  const name = names.nameOfList(list);
  return name === undefined ? list : `${name} (${list})`;
}

export function clockOf(receivedAt: string, now: number, language: string): string {
  const at = new Date(receivedAt);
  const two = (n: number): string => String(n).padStart(2, '0');
  const minute = `${two(at.getHours())}:${two(at.getMinutes())}`;
  if (isToday(receivedAt, now)) return `${minute}:${two(at.getSeconds())}`;
  if (at.getFullYear() !== new Date(now).getFullYear()) {
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${minute}`;
  }
  return `${at.toLocaleDateString(language, { month: 'short', day: 'numeric' })} ${minute}`;
}

export function isToday(time: string, now: number): boolean {
  return new Date(time).toDateString() === new Date(now).toDateString();
}

/** To the minute: it is redrawn every half minute. */
export function ageOf(receivedAt: string, now: number): string {
  const minutes = Math.floor((now - Date.parse(receivedAt)) / 60_000);
  if (minutes < 1) return say('now');
  if (minutes < 60) return say('{0} min ago', minutes);
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? say('{0} h ago', hours) : say('{0} d ago', Math.floor(hours / 24));
}

export function durationOf(ms: number): string {
  return ms < 1000 ? say('{0} ms', Math.round(ms)) : say('{0} s', Number((ms / 1000).toFixed(1)));
}

/** Without the query, which may contain a token. */
export function placeOf(destination: string): string {
  try {
    const { origin, pathname } = new URL(destination);
    return printable(origin + pathname);
  } catch {
    return printable(destination);
  }
}

export function someOf(all: readonly string[]): string {
  const names = all.slice(0, 3).map((name) => inMessage(name, 60));
  const more = all.length - names.length;
  return more === 0 ? names.join(', ') : say('{0} and {1} more', names.join(', '), more);
}
