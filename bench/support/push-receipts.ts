import type { PushFigures } from './push-order.ts';

/** How long messages were on their way. */
export class Receipts {
  readonly #waits: Float64Array;
  readonly #afterAnswers: number[] = [];
  #count = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = 0;

  constructor(most: number) {
    this.#waits = new Float64Array(most);
  }

  note(sentAt: number): void {
    this.#last = performance.now();
    this.#first = Math.min(this.#first, sentAt);
    this.#waits[this.#count] = this.#last - sentAt;
    this.#count += 1;
  }

  noteAnswer(waitMs: number): void {
    this.#afterAnswers.push(waitMs);
  }

  figures(): PushFigures {
    const waits = this.#waits.subarray(0, this.#count).toSorted();
    const after = this.#afterAnswers.toSorted((a, b) => a - b);
    return {
      receipts: this.#count,
      perSecond: (this.#count / (this.#last - this.#first)) * 1_000,
      p50Ms: at(waits, 0.5),
      p99Ms: at(waits, 0.99),
      afterAnswerP50Ms: at(after, 0.5),
      afterAnswerP99Ms: at(after, 0.99),
    };
  }
}

function at(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
}
