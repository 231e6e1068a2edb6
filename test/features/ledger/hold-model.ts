/** The rules of holds in plain TypeScript, to compare the database with. Amounts are micro-credits, instants milliseconds. */
interface ModelGrant {
  readonly id: string;
  readonly source: string;
  readonly priority: number;
  readonly effectiveAt: number;
  readonly expiresAt: number | null;
  remaining: bigint;
  held: bigint;
  hasEnded: boolean;
}

interface ModelHold {
  readonly amount: bigint;
  readonly expiresAt: number;
  readonly parts: ReadonlyMap<ModelGrant, bigint>;
  status: 'open' | 'released' | 'ended';
}

type Answer = 'done' | 'insufficient' | 'not allowed';

export class HoldModel {
  readonly #grants: ModelGrant[] = [];
  readonly #holds: ModelHold[] = [];

  /** Whatever happened by itself until `now`. */
  advance(now: number): void {
    for (const hold of this.#holds) {
      if (hold.status === 'open' && hold.expiresAt <= now) this.#end(hold, 0n);
    }
    for (const grant of this.#grants) {
      if (grant.hasEnded || grant.expiresAt === null || grant.expiresAt > now) continue;
      grant.hasEnded = true;
      grant.remaining = grant.held;
    }
  }

  grant(grant: Omit<ModelGrant, 'held' | 'hasEnded'>): void {
    this.#grants.push({ ...grant, held: 0n, hasEnded: false });
  }

  spend(amount: bigint): Answer {
    if (amount > this.balance().available) return 'insufficient';
    for (const [grant, part] of this.#burn(amount)) grant.remaining -= part;
    return 'done';
  }

  hold(amount: bigint, expiresAt: number): Answer {
    if (amount > this.balance().available) return 'insufficient';
    const parts = this.#burn(amount);
    for (const [grant, part] of parts) grant.held += part;
    this.#holds.push({ amount, expiresAt, parts, status: 'open' });
    return 'done';
  }

  /** The holds by the order in which they were made; `amount` null is all. */
  capture(index: number, amount: bigint | null): Answer {
    const hold = this.#holds[index];
    if (hold?.status !== 'open' || (amount ?? 0n) > hold.amount) return 'not allowed';
    this.#end(hold, amount ?? hold.amount);
    return 'done';
  }

  release(index: number): Answer {
    const hold = this.#holds[index];
    if (hold?.status === 'released') return 'done';
    if (hold?.status !== 'open') return 'not allowed';
    this.#end(hold, 0n);
    hold.status = 'released';
    return 'done';
  }

  balance() {
    const total = sum(this.#grants, ({ remaining }) => remaining);
    const held = sum(this.#grants, (grant) => grant.held);
    const of = (source: string) =>
      sum(
        this.#grants.filter((grant) => grant.source === source),
        ({ remaining }) => remaining,
      );
    return { total, held, available: total - held, plan: of('PLAN'), purchased: of('PURCHASE') };
  }

  /** What each grant can still give, by its id. */
  spendable(): Record<string, bigint> {
    const free = this.#grants.filter((grant) => grant.remaining > grant.held && !grant.hasEnded);
    return Object.fromEntries(free.map(({ id, remaining }) => [id, remaining]));
  }

  #burn(amount: bigint): Map<ModelGrant, bigint> {
    const parts = new Map<ModelGrant, bigint>();
    for (const grant of this.#inBurnOrder()) {
      const free = grant.hasEnded ? 0n : grant.remaining - grant.held;
      const part = free < amount ? free : amount;
      if (part > 0n) parts.set(grant, part);
      amount -= part;
    }
    return parts;
  }

  #end(hold: ModelHold, captured: bigint): void {
    hold.status = 'ended';
    for (const grant of this.#inBurnOrder()) {
      const part = hold.parts.get(grant) ?? 0n;
      const spent = part < captured ? part : captured;
      captured -= spent;
      grant.held -= part;
      grant.remaining -= grant.hasEnded ? part : spent;
    }
  }

  #inBurnOrder(): ModelGrant[] {
    const key = (grant: ModelGrant) => [
      grant.priority,
      grant.expiresAt ?? Number.POSITIVE_INFINITY,
      grant.effectiveAt,
    ];
    return this.#grants.toSorted((a, b) => {
      const [x, y] = [key(a), key(b)];
      const first = x.findIndex((value, index) => value !== y[index]);
      if (first >= 0) return (x[first] as number) - (y[first] as number);
      return a.id < b.id ? -1 : 1;
    });
  }
}

function sum<T>(items: readonly T[], amountOf: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + amountOf(item), 0n);
}
