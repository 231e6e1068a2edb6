/** Each hears from us this often. */
const BEAT_EVERY_MS = 10_000;
/** Not all of them at once. */
const TURNS = 20;

interface Beating {
  beat(): void;
}

/** Calls everybody regularly, by one timer for all. */
export class LiveHeartbeat {
  readonly #turns = Array.from({ length: TURNS }, () => new Set<Beating>());
  readonly #timer: NodeJS.Timeout;
  #turn = 0;

  constructor() {
    this.#timer = setInterval(() => this.#beat(), BEAT_EVERY_MS / TURNS).unref();
  }

  /** From now on; for the first time when everybody else has had his turn. */
  add(beating: Beating): void {
    this.#turns[(this.#turn + TURNS - 1) % TURNS]?.add(beating);
  }

  remove(beating: Beating): void {
    for (const turn of this.#turns) if (turn.delete(beating)) return;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    for (const beating of this.#turns[this.#turn] ?? []) beating.beat();
    this.#turn = (this.#turn + 1) % TURNS;
  }
}
