/** The strip of the last minutes: a bar for each, those that failed in a colour of their own. */
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
    // Another theme has other colours.
    new MutationObserver(() => this.#draw()).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  show(strip: Strip): void {
    this.#strip = strip;
    const { counts, since } = strip;
    const all = counts.reduce((sum, count) => sum + count, 0);
    const most = Math.max(0, ...counts);
    const at = this.#time(since + counts.indexOf(most) * minuteMs);
    this.element.ariaLabel = filled(this.#texts.strip, counts.length, all, most, at);
    this.element.hidden = false;
    this.#draw();
  }

  #time(at: number): string {
    return new Date(at).toLocaleTimeString(this.#language, { hour: '2-digit', minute: '2-digit' });
  }

  #explain(x: number): void {
    if (this.#strip === undefined) return;
    const { since, counts, failed } = this.#strip;
    const at = Math.floor((x / this.element.clientWidth) * counts.length);
    const [count = 0, bad = 0] = [counts[at], failed[at]];
    const { stripUnit, stripFailed } = this.#texts;
    const time = this.#time(since + at * minuteMs);
    this.element.title = bad > 0 ? filled(stripFailed, time, count, bad) : filled(stripUnit, time, count);
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
    const { counts, failed } = this.#strip;
    const most = Math.max(1, ...counts);
    const step = clientWidth / counts.length;
    const bar = (at: number, count: number, colour: string): void => {
      // A single event among thousands is seen, too.
      const height = count === 0 ? 0 : Math.max(2, (count / most) * (clientHeight - 2));
      context.fillStyle = colour;
      context.fillRect(at * step + 0.5, clientHeight - height, Math.max(1, step - 1), height);
    };
    const [all, bad, line] = ['--all', '--bad', '--line'].map((name) => style.getPropertyValue(name).trim());
    for (const [at, count] of counts.entries()) bar(at, count, all ?? '');
    for (const [at, count] of failed.entries()) bar(at, count, bad ?? '');
    context.fillStyle = line ?? '';
    context.fillRect(0, clientHeight - 1, clientWidth, 1);
  }
}
