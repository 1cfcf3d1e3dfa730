/** A bar per minute. With a filter, matches are drawn in front of all events. */
import type { Strip, TableTexts } from '../../extension/event-table/messages.ts';
import { filled } from '../shared/words.ts';

const minuteMs = 60_000;

export class StripView {
  readonly element = document.createElement('canvas');
  readonly #texts: TableTexts;
  readonly #language: string;
  #strip: Strip | undefined;

  constructor(texts: TableTexts, language: string) {
    this.#texts = texts;
    this.#language = language;
    this.element.className = 'strip';
    this.element.role = 'img';
    this.element.hidden = true;
    this.element.addEventListener('pointermove', ({ offsetX }) => this.#explain(offsetX));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    // Another theme has other colors.
    new MutationObserver(() => this.#draw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  show(strip: Strip): void {
    this.#strip = strip;
    const { counts, since, all } = strip;
    const sum = (each: readonly number[]): number => each.reduce((so, count) => so + count, 0);
    const most = Math.max(0, ...counts);
    const at = this.#time(since + counts.indexOf(most) * minuteMs);
    this.element.ariaLabel =
      all.length > 0
        ? filled(this.#texts.stripFiltered, counts.length, sum(counts), sum(all))
        : filled(this.#texts.strip, counts.length, sum(counts), most, at);
    this.element.hidden = false;
    this.#draw();
  }

  #time(at: number): string {
    return new Date(at).toLocaleTimeString(this.#language, { hour: '2-digit', minute: '2-digit' });
  }

  #explain(x: number): void {
    if (this.#strip === undefined) return;
    const { since, counts, failed, all } = this.#strip;
    const at = Math.floor((x / this.element.clientWidth) * counts.length);
    const [count = 0, bad = 0] = [counts[at], failed[at]];
    const { stripUnit, stripFailed, countOf } = this.#texts;
    const time = this.#time(since + at * minuteMs);
    const told = all.length > 0 ? `${time}: ${filled(countOf, count, all[at] ?? 0)}` : filled(stripUnit, time, count);
    this.element.title = bad > 0 ? filled(stripFailed, time, count, bad) : told;
  }

  #draw(): void {
    const context = this.element.getContext('2d');
    const { clientWidth, clientHeight } = this.element;
    if (context === null || this.#strip === undefined || clientWidth === 0) return;
    const ratio = window.devicePixelRatio;
    this.element.width = Math.round(clientWidth * ratio);
    this.element.height = Math.round(clientHeight * ratio);
    context.scale(ratio, ratio);
    const style = getComputedStyle(this.element);
    const { counts, failed, all } = this.#strip;
    const most = Math.max(1, ...counts, ...all);
    const step = clientWidth / counts.length;
    const bar = (at: number, count: number, color: string): void => {
      // Make a single event among thousands visible.
      const height = count === 0 ? 0 : Math.max(2, (count / most) * (clientHeight - 2));
      context.fillStyle = color;
      context.fillRect(at * step + 0.5, clientHeight - height, Math.max(1, step - 1), height);
    };
    const color = (name: string): string => style.getPropertyValue(name).trim();
    for (const [at, count] of all.entries()) bar(at, count, color('--rest'));
    for (const [at, count] of counts.entries()) bar(at, count, color('--all'));
    for (const [at, count] of failed.entries()) bar(at, count, color('--bad'));
    context.fillStyle = color('--line');
    context.fillRect(0, clientHeight - 1, clientWidth, 1);
  }
}
