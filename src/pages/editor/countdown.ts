/** Only visual: a screen reader gets the time when the attempt is due. */
import type { EditorTexts, Step } from '../../extension/event-editor/messages.ts';
import { filled } from '../shared/words.ts';

export class Countdown {
  #due = new Map<string, number>();
  #texts: EditorTexts | undefined;
  #timer: number | undefined;

  set(steps: readonly Step[]): void {
    const now = performance.now();
    this.#due = new Map(steps.flatMap(({ id, dueInMs }) => (dueInMs === null ? [] : [[id, now + dueInMs]])));
  }

  follow(texts: EditorTexts): void {
    this.#texts = texts;
    this.#write();
    clearInterval(this.#timer);
    this.#timer = this.#due.size === 0 ? undefined : window.setInterval(() => this.#write(), 1000);
  }

  #write(): void {
    if (this.#texts === undefined) return;
    for (const element of document.querySelectorAll<HTMLElement>('[data-due]')) {
      const due = this.#due.get(element.dataset['due'] ?? '');
      if (due !== undefined) element.textContent = leftOf(due - performance.now(), this.#texts);
    }
  }
}

function leftOf(ms: number, texts: EditorTexts): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 0) return texts.dueNow;
  const [text, value] =
    seconds < 120
      ? [texts.inSeconds, seconds]
      : seconds < 7200
        ? [texts.inMinutes, Math.ceil(seconds / 60)]
        : [texts.inHours, Math.ceil(seconds / 3600)];
  return filled(text, value);
}
