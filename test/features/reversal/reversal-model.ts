/** What became of a payment's money, in minor units. */
export interface Figures {
  readonly paid: bigint;
  readonly refunded: bigint;
  readonly contested: bigint;
  readonly lost: bigint;
}

interface Purchase {
  readonly name: string;
  readonly amount: bigint;
  /** Can be spent. */
  free: bigint;
  /** Set aside for work by its owner. */
  working: bigint;
  /** Set aside for a dispute. */
  disputed: bigint;
  /** Taken by refunds, lost disputes, and debts of others. */
  taken: bigint;
  due: bigint;
  contested: bigint;
}

/** The rules of purchases whose money goes back, said once more without SQL: amounts are micro-credits, the oldest burns first. */
export class ReversalModel {
  owed = 0n;
  readonly purchases: Purchase[] = [];
  readonly #holds: { parts: [Purchase, bigint][]; isOpen: boolean }[] = [];

  buy(name: string, amount: bigint): void {
    const debt = smaller(this.owed, amount);
    this.owed -= debt;
    const none = { working: 0n, disputed: 0n, due: 0n, contested: 0n };
    this.purchases.push({ name, amount, free: amount - debt, taken: debt, ...none });
  }

  spend(amount: bigint): boolean {
    if (!this.#canSpend(amount)) return false;
    this.#burn(amount);
    return true;
  }

  hold(amount: bigint): boolean {
    if (!this.#canSpend(amount)) return false;
    const parts = this.#burn(amount);
    for (const [purchase, part] of parts) purchase.working += part;
    this.#holds.push({ parts, isOpen: true });
    return true;
  }

  release(which: number): void {
    const hold = this.#holds[which];
    if (!hold?.isOpen) return;
    hold.isOpen = false;
    for (const [purchase, part] of hold.parts) {
      purchase.working -= part;
      this.#payFrom(purchase, part);
    }
  }

  capture(which: number): void {
    const hold = this.#holds[which];
    if (!hold?.isOpen) return;
    hold.isOpen = false;
    for (const [purchase, part] of hold.parts) purchase.working -= part;
  }

  /** Brings a purchase to what its payment's figures say. */
  reverse(name: string, { paid, refunded, contested, lost }: Figures): void {
    const purchase = this.purchases.find((one) => one.name === name);
    if (purchase === undefined) return;
    const share = (money: bigint) => (purchase.amount * smaller(money, paid)) / paid;
    const due = share(refunded + lost);
    const inDispute = share(refunded + lost + contested) - due;
    const before = purchase.disputed;
    purchase.free += purchase.disputed;
    purchase.disputed = 0n;
    if (due > purchase.due) this.#take(purchase, due - purchase.due);
    else this.#giveBack(purchase, purchase.due - due);
    purchase.due = due;
    purchase.contested = inDispute;
    purchase.disputed = smaller(inDispute, purchase.free);
    purchase.free -= purchase.disputed;
    const released = smaller(purchase.free, before - purchase.disputed);
    if (released <= 0n) return;
    purchase.free -= released;
    this.#payFrom(purchase, released);
  }

  balance() {
    const of = (part: (purchase: Purchase) => bigint) =>
      this.purchases.reduce((sum, purchase) => sum + part(purchase), 0n);
    const held = of(({ working, disputed }) => working + disputed);
    return { total: of(({ free }) => free) + held, held, owed: this.owed };
  }

  remaining(): Record<string, bigint> {
    return Object.fromEntries(
      this.purchases.map((one) => [one.name, one.free + one.working + one.disputed]),
    );
  }

  #canSpend(amount: bigint): boolean {
    const free = this.purchases.reduce((sum, purchase) => sum + purchase.free, 0n);
    return this.owed === 0n && amount <= free;
  }

  #burn(amount: bigint): [Purchase, bigint][] {
    const parts: [Purchase, bigint][] = [];
    let left = amount;
    for (const purchase of this.purchases) {
      const part = smaller(left, purchase.free);
      if (part === 0n) continue;
      purchase.free -= part;
      left -= part;
      parts.push([purchase, part]);
    }
    return parts;
  }

  #take(purchase: Purchase, amount: bigint): void {
    const taken = smaller(amount, purchase.free);
    purchase.free -= taken;
    purchase.taken += taken;
    this.owed += amount - taken;
  }

  #giveBack(own: Purchase, amount: bigint): void {
    const forgiven = smaller(amount, this.owed);
    this.owed -= forgiven;
    let left = amount - forgiven;
    const others = this.purchases.filter((one) => one !== own).toReversed();
    for (const purchase of [own, ...others]) {
      const part = smaller(left, purchase.taken);
      purchase.taken -= part;
      purchase.free += part;
      left -= part;
    }
    if (left > 0n) throw new Error('More is given back than was taken.');
  }

  /** What comes free pays what is owed first. */
  #payFrom(purchase: Purchase, amount: bigint): void {
    const debt = smaller(this.owed, amount);
    this.owed -= debt;
    purchase.taken += debt;
    purchase.free += amount - debt;
  }
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}
