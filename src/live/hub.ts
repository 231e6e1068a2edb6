/**
 * Told when something may have changed. `hint`: look again. `here`: this process knows what has, and whoever stands right
 * before it need not look.
 */
type Watcher = (from: 'hint' | 'here') => void;

/** Who watches a thing, and a number that grows with every hint of it. */
interface Watched {
  readonly watchers: Set<Watcher>;
  mark: number;
}

/** Carries hints between gateway processes. */
export interface HintTransport {
  start(onHint: (hint: string) => void, onGap: () => void): Promise<void>;
  close(): Promise<void>;
}

/**
 * Brings hints to whoever watches a thing. A hint is `topic:id`, `topic:id,id,…` or `topic:*`; it may come late, twice,
 * or for nothing, and after a gap everybody is told to look. What changed is read from the database.
 */
export class LiveHub {
  readonly #transport: HintTransport;
  readonly #watched = new Map<string, Map<string, Watched>>();
  #lastMark = 0;
  readonly #listeners = new Map<string, Set<(id: string) => void>>();
  readonly #gapListeners = new Set<() => void>();

  constructor(transport: HintTransport) {
    this.#transport = transport;
  }

  async start(): Promise<void> {
    await this.#transport.start(
      (hint) => this.#deliver(hint),
      () => this.#tellAll(),
    );
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Calls `watcher` whenever `id` of `topic` may have changed, until the function that it returns is called. */
  watch(topic: string, id: string, watcher: Watcher): () => void {
    const byId = this.#watched.get(topic) ?? new Map<string, Watched>();
    this.#watched.set(topic, byId);
    const watched = byId.get(id) ?? { watchers: new Set<Watcher>(), mark: this.#nextMark() };
    byId.set(id, watched);
    watched.watchers.add(watcher);
    return () => {
      watched.watchers.delete(watcher);
      if (watched.watchers.size === 0 && byId.get(id) === watched) byId.delete(id);
    };
  }

  /** A number that is another one after every hint of `id` of `topic`, as long as somebody watches it. */
  markOf(topic: string, id: string): number {
    return this.#watched.get(topic)?.get(id)?.mark ?? this.#nextMark();
  }

  /** Whether anybody here watches `id` of `topic`. */
  isWatched(topic: string, id: string): boolean {
    return this.#watched.get(topic)?.has(id) ?? false;
  }

  /** Tells the watchers of this process that it knows something new. The hint of it comes as well, and tells everybody. */
  tellHere(topic: string, id: string): void {
    for (const watcher of this.#watched.get(topic)?.get(id)?.watchers ?? []) watcher('here');
  }

  /** Calls `listener` with every id of `topic` that is told of. */
  listen(topic: string, listener: (id: string) => void): void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
  }

  /** Calls `listener` when hints may have been missed, and what `listen` would have told must be looked up. */
  onGap(listener: () => void): void {
    this.#gapListeners.add(listener);
  }

  /** How many watch anything now. */
  get watcherCount(): number {
    let count = 0;
    for (const byId of this.#watched.values())
      for (const { watchers } of byId.values()) count += watchers.size;
    return count;
  }

  #deliver(hint: string): void {
    const colon = hint.indexOf(':');
    const topic = hint.slice(0, colon);
    const ids = hint.slice(colon + 1);
    if (ids === '*') {
      this.#tellTopic(topic);
      return;
    }
    const byId = this.#watched.get(topic);
    const listeners = this.#listeners.get(topic);
    for (const id of ids.split(',')) {
      this.#tell(byId?.get(id));
      for (const listener of listeners ?? []) listener(id);
    }
  }

  #tellTopic(topic: string): void {
    for (const watched of this.#watched.get(topic)?.values() ?? []) this.#tell(watched);
  }

  #tellAll(): void {
    for (const topic of this.#watched.keys()) this.#tellTopic(topic);
    for (const listener of this.#gapListeners) listener();
  }

  #tell(watched: Watched | undefined): void {
    if (watched === undefined) return;
    watched.mark = this.#nextMark();
    for (const watcher of watched.watchers) watcher('hint');
  }

  #nextMark(): number {
    this.#lastMark += 1;
    return this.#lastMark;
  }
}
