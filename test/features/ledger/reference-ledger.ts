import type { CreditGrantSource } from '../../../src/features/ledger/ledger.model.ts';

/** The ledger's rules once more, as slowly and plainly as they can be said. Instants are milliseconds, amounts micro-credits. */
export interface ReferenceGrant {
  readonly name: string;
  readonly source: CreditGrantSource;
  readonly amount: bigint;
  readonly effectiveAt: number;
  readonly expiresAt: number | null;
  /** Decides between grants that are otherwise alike: the older one first. */
  readonly order: number;
  remaining: bigint;
  state: 'waiting' | 'open' | 'over';
}

export interface ReferenceEntry {
  readonly sequence: number;
  readonly type: string;
  readonly amount: bigint;
  readonly balanceAfter: bigint;
  readonly createdAt: number;
  /** By the grant's name. */
  readonly allocations: Readonly<Record<string, bigint>>;
}

export interface ReferenceBalance {
  readonly total: bigint;
  readonly plan: bigint;
  readonly purchased: bigint;
  readonly promotional: bigint;
}

export type ReferenceOutcome =
  | { readonly kind: 'applied' | 'replayed'; readonly sequence: number | null }
  | { readonly kind: 'conflict' | 'insufficient' | 'expired'; readonly sequence?: undefined };

export interface ReferenceGrantRequest {
  readonly name: string;
  readonly source: CreditGrantSource;
  readonly amount: bigint;
  readonly effectiveAt: number;
  readonly expiresAt: number | null;
}

export class ReferenceLedger {
  readonly grants: ReferenceGrant[] = [];
  readonly entries: ReferenceEntry[] = [];
  readonly #keys = new Map<string, { input: string; sequence: number }>();

  /** Credits from a plan, an order and so on: once per cause, which is the name. */
  grant(request: ReferenceGrantRequest, now: number): ReferenceOutcome {
    if (this.grants.some((grant) => grant.name === request.name))
      return { kind: 'replayed', sequence: null };
    this.settle(now);
    const grant = this.#add(request);
    if (grant.effectiveAt > now) return { kind: 'applied', sequence: null };
    return { kind: 'applied', sequence: this.#enter(grant, 'GRANT', now) };
  }

  /** An administrator's gift, once per key. */
  give(key: string, name: string, amount: bigint, expiresAt: number | null, now: number) {
    return this.#once(`adjust ${key}`, `give ${amount} ${expiresAt}`, () => {
      if (expiresAt !== null && expiresAt <= now) return 'expired';
      this.settle(now);
      const grant = this.#add({ name, source: 'ADJUSTMENT', amount, effectiveAt: now, expiresAt });
      return this.#enter(grant, 'ADJUSTMENT', now);
    });
  }

  spend(key: string, amount: bigint, now: number): ReferenceOutcome {
    return this.#debit(`spend ${key}`, 'SPEND', amount, now);
  }

  take(key: string, amount: bigint, now: number): ReferenceOutcome {
    return this.#debit(`adjust ${key}`, 'ADJUSTMENT', amount, now);
  }

  /** What a reader is told at this instant, whether or not anything was written since things became due. */
  balance(now: number): ReferenceBalance {
    const seen = new ReferenceLedger();
    seen.grants.push(...this.grants.map((grant) => ({ ...grant })));
    seen.settle(now);
    const of = (...sources: CreditGrantSource[]) =>
      sum(seen.grants.filter((grant) => sources.includes(grant.source)).map(creditsIn));
    const total = sum(seen.grants.map(creditsIn));
    const plan = of('PLAN');
    const purchased = of('PURCHASE');
    return { total, plan, purchased, promotional: total - plan - purchased };
  }

  /** What a reader is told of each grant at this instant. */
  remaining(now: number): Record<string, bigint> {
    return Object.fromEntries(
      this.grants.map((grant) => {
        if (grant.state !== 'over' && isOver(grant, now)) return [grant.name, 0n];
        return [grant.name, grant.state === 'waiting' ? grant.amount : grant.remaining];
      }),
    );
  }

  spendable(now: number): string[] {
    return this.grants
      .filter((grant) => grant.state !== 'over' && grant.effectiveAt <= now && !isOver(grant, now))
      .filter((grant) => grant.state === 'waiting' || grant.remaining > 0n)
      .map((grant) => grant.name)
      .sort();
  }

  /** Lets everything happen that is due, in the order in which it became due; a start before an end. */
  settle(now: number): void {
    for (;;) {
      const starts = this.grants
        .filter((grant) => grant.state === 'waiting' && grant.effectiveAt <= now)
        .map((grant) => ({ grant, at: grant.effectiveAt, rank: 0 }));
      const ends = this.grants
        .filter((grant) => grant.state === 'open' && isOver(grant, now))
        .map((grant) => ({ grant, at: grant.expiresAt as number, rank: 1 }));
      const [next] = [...starts, ...ends].sort(
        (a, b) => a.at - b.at || a.rank - b.rank || a.grant.order - b.grant.order,
      );
      if (next === undefined) return;
      if (next.rank === 0) this.#enter(next.grant, 'GRANT', now);
      else this.#expire(next.grant, now);
    }
  }

  #once(
    key: string,
    input: string,
    act: () => number | 'insufficient' | 'expired',
  ): ReferenceOutcome {
    const known = this.#keys.get(key);
    if (known !== undefined) {
      return known.input === input
        ? { kind: 'replayed', sequence: known.sequence }
        : { kind: 'conflict' };
    }
    const sequence = act();
    if (typeof sequence === 'string') return { kind: sequence };
    this.#keys.set(key, { input, sequence });
    return { kind: 'applied', sequence };
  }

  #debit(key: string, type: string, amount: bigint, now: number): ReferenceOutcome {
    // What is due is written down by any debit that reaches the ledger, also by one that is answered from memory.
    this.settle(now);
    return this.#once(key, `take ${amount}`, () => {
      if (amount > this.#total()) return 'insufficient';
      return this.#append(type, -amount, this.#burn(amount), now);
    });
  }

  #burn(amount: bigint): Record<string, bigint> {
    const allocations: Record<string, bigint> = {};
    let due = amount;
    for (const grant of this.#burnOrder()) {
      if (due === 0n) break;
      const taken = smaller(grant.remaining, due);
      grant.remaining -= taken;
      if (grant.remaining === 0n) grant.state = 'over';
      due -= taken;
      allocations[grant.name] = -taken;
    }
    return allocations;
  }

  #burnOrder(): ReferenceGrant[] {
    const priority = (grant: ReferenceGrant) => (grant.source === 'PURCHASE' ? 20 : 10);
    const end = (grant: ReferenceGrant) => grant.expiresAt ?? Number.MAX_SAFE_INTEGER;
    return this.grants
      .filter((grant) => grant.state === 'open')
      .sort(
        (a, b) =>
          priority(a) - priority(b) ||
          end(a) - end(b) ||
          a.effectiveAt - b.effectiveAt ||
          a.order - b.order,
      );
  }

  #add(request: ReferenceGrantRequest): ReferenceGrant {
    const order = this.grants.length;
    const grant: ReferenceGrant = { ...request, order, remaining: 0n, state: 'waiting' };
    this.grants.push(grant);
    return grant;
  }

  #enter(grant: ReferenceGrant, type: string, now: number): number {
    grant.state = 'open';
    grant.remaining = grant.amount;
    return this.#append(type, grant.amount, { [grant.name]: grant.amount }, now);
  }

  #expire(grant: ReferenceGrant, now: number): void {
    const left = grant.remaining;
    grant.state = 'over';
    grant.remaining = 0n;
    if (left > 0n) this.#append('EXPIRY', -left, { [grant.name]: -left }, now);
  }

  #append(type: string, amount: bigint, allocations: Record<string, bigint>, now: number): number {
    const sequence = this.entries.length + 1;
    const balanceAfter = this.#total();
    this.entries.push({ sequence, type, amount, balanceAfter, createdAt: now, allocations });
    return sequence;
  }

  #total(): bigint {
    return sum(this.grants.map(creditsIn));
  }
}

function isOver(grant: ReferenceGrant, now: number): boolean {
  return grant.expiresAt !== null && grant.expiresAt <= now;
}

function creditsIn(grant: ReferenceGrant): bigint {
  return grant.state === 'open' ? grant.remaining : 0n;
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
