/**
 * Told when something may have changed. `hint`: look again. `here`: this process knows what has, and whoever stands right
 * before it need not look.
 */
type Watcher = (from: 'hint' | 'here') => void;

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
  readonly #watchers = new Map<string, Map<string, Set<Watcher>>>();
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
    const byId = this.#watchers.get(topic) ?? new Map<string, Set<Watcher>>();
    this.#watchers.set(topic, byId);
    const watchers = byId.get(id) ?? new Set<Watcher>();
    byId.set(id, watchers);
    watchers.add(watcher);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0 && byId.get(id) === watchers) byId.delete(id);
    };
  }

  /** Whether anybody here watches `id` of `topic`. */
  isWatched(topic: string, id: string): boolean {
    return this.#watchers.get(topic)?.has(id) ?? false;
  }

  /** Tells the watchers of this process that it knows something new. The hint of it comes as well, and tells everybody. */
  tellHere(topic: string, id: string): void {
    for (const watcher of this.#watchers.get(topic)?.get(id) ?? []) watcher('here');
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
    for (const byId of this.#watchers.values())
      for (const watchers of byId.values()) count += watchers.size;
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
    const byId = this.#watchers.get(topic);
    const listeners = this.#listeners.get(topic);
    for (const id of ids.split(',')) {
      for (const watcher of byId?.get(id) ?? []) watcher('hint');
      for (const listener of listeners ?? []) listener(id);
    }
  }

  #tellTopic(topic: string): void {
    for (const watchers of this.#watchers.get(topic)?.values() ?? []) {
      for (const watcher of watchers) watcher('hint');
    }
  }

  #tellAll(): void {
    for (const topic of this.#watchers.keys()) this.#tellTopic(topic);
    for (const listener of this.#gapListeners) listener();
  }
}
