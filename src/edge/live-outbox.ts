/** Somebody who has messages for many. */
interface Sender {
  /** Sends to so many at most; answers to how many it did, and is asked again while it says that there are more. */
  sendSome(most: number): { readonly sent: number; readonly isDone: boolean };
}

/** How many messages are sent before others get their turn. */
const SENT_TOGETHER = 512;

/**
 * A message that comes alone is sent at once, and those that are ready at the same time one right after the other: whoever
 * reads at the other end is woken for many and not for each, which costs both ends less than half. After so many, requests get
 * their turn, and of several senders each gets his.
 */
export class LiveOutbox {
  readonly #senders = new Set<Sender>();
  #isTurnDue = false;

  /** Lets somebody send: at once when he is the first, or else when all who are at it now have made their messages. */
  add(sender: Sender): void {
    if (this.#isTurnDue) {
      this.#senders.add(sender);
      return;
    }
    this.#isTurnDue = true;
    process.nextTick(() => this.#turn());
    if (!sender.sendSome(SENT_TOGETHER).isDone) this.#senders.add(sender);
  }

  #turn(): void {
    let left = SENT_TOGETHER;
    try {
      for (const sender of this.#senders) {
        // Whoever has more to send comes again behind the others.
        this.#senders.delete(sender);
        const { sent, isDone } = sender.sendSome(left);
        if (!isDone) this.#senders.add(sender);
        left -= sent;
        if (left <= 0) break;
      }
    } finally {
      this.#isTurnDue = this.#senders.size > 0;
      if (this.#isTurnDue) setImmediate(() => this.#turn());
    }
  }
}
