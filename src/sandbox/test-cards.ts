/** What a card number of Stripe's test mode does; the sandbox takes the same numbers at every provider. */
export interface TestCard {
  readonly number: string;
  readonly brand: string;
  readonly funding: 'credit' | 'debit';
  /** Why it is refused as soon as somebody checks it; null when it can be saved. */
  readonly refused: CardRefusal | null;
  /** Why each charge on it fails; null when they go through. */
  readonly chargeFails: CardRefusal | null;
  /** Whether its owner contests each charge as soon as it was made. */
  readonly isDisputed: boolean;
}

export interface CardRefusal {
  readonly code: string;
  readonly decline_code?: string;
  readonly message: string;
}

const DECLINED = { code: 'card_declined', message: 'Your card was declined.' };
const GENERIC: CardRefusal = { ...DECLINED, decline_code: 'generic_decline' };

const GOOD: readonly (readonly [string, string, 'credit' | 'debit'])[] = [
  ['4242424242424242', 'visa', 'credit'],
  ['4000056655665556', 'visa', 'debit'],
  ['5555555555554444', 'mastercard', 'credit'],
  ['5200828282828210', 'mastercard', 'debit'],
  ['378282246310005', 'amex', 'credit'],
  ['6011111111111117', 'discover', 'credit'],
];

const REFUSED: Readonly<Record<string, CardRefusal>> = {
  '4000000000000002': GENERIC,
  '4000000000009995': {
    ...DECLINED,
    decline_code: 'insufficient_funds',
    message: 'Your card has insufficient funds.',
  },
  '4000000000009987': { ...DECLINED, decline_code: 'lost_card' },
  '4000000000009979': { ...DECLINED, decline_code: 'stolen_card' },
  '4000000000000069': { code: 'expired_card', message: 'Your card has expired.' },
  '4000000000000127': {
    code: 'incorrect_cvc',
    message: "Your card's security code is incorrect.",
  },
  '4000000000000119': {
    code: 'processing_error',
    message: 'An error occurred while processing your card. Try again in a little bit.',
  },
};

const CHARGE_FAILS = '4000000000000341';
const DISPUTED = '4000000000000259';

/** The card with this number, blanks and hyphens apart, or why there is none. */
export function readCard(written: string): TestCard | CardRefusal {
  const number = written.replace(/[\s-]/g, '');
  const good = GOOD.find(([candidate]) => candidate === number);
  if (good !== undefined) {
    return testCard(number, { brand: good[1], funding: good[2] });
  }
  if (number === CHARGE_FAILS) return testCard(number, { chargeFails: GENERIC });
  if (number === DISPUTED) return testCard(number, { isDisputed: true });
  const refused = REFUSED[number];
  if (refused !== undefined) {
    return testCard(number, { refused, chargeFails: refused });
  }
  if (number === '')
    return { code: 'incomplete_number', message: 'Your card number is incomplete.' };
  if (!/^\d{12,19}$/.test(number) || !passesLuhn(number)) {
    return { code: 'incorrect_number', message: 'Your card number is invalid.' };
  }
  return {
    code: 'card_declined',
    decline_code: 'test_mode_live_card',
    message:
      'Your card was declined. Your request was in test mode, but used a non test (live) card.',
  };
}

function testCard(number: string, does: Partial<TestCard>): TestCard {
  const plain = { brand: 'visa', funding: 'credit', refused: null, chargeFails: null } as const;
  return { number, ...plain, isDisputed: false, ...does };
}

/** The payment methods of Stripe's test mode that can be used without a page; each use makes a new one. */
const TOKENS: Readonly<Record<string, string>> = {
  pm_card_visa: '4242424242424242',
  pm_card_visa_debit: '4000056655665556',
  pm_card_mastercard: '5555555555554444',
  pm_card_amex: '378282246310005',
  pm_card_discover: '6011111111111117',
  pm_card_visa_chargeDeclined: '4000000000000002',
  pm_card_chargeDeclined: '4000000000000002',
  pm_card_visa_chargeDeclinedInsufficientFunds: '4000000000009995',
  pm_card_chargeCustomerFail: CHARGE_FAILS,
  pm_card_createDispute: DISPUTED,
};

/** The card that a test payment method stands for; undefined when the id is not one's. */
export function testMethodCard(id: string): TestCard | undefined {
  const number = Object.hasOwn(TOKENS, id) ? TOKENS[id] : undefined;
  const card = number === undefined ? undefined : readCard(number);
  return card !== undefined && 'number' in card ? card : undefined;
}

function passesLuhn(number: string): boolean {
  const digits = [...number].reverse().map(Number);
  const sum = digits.reduce((total, digit, index) => {
    const doubled = index % 2 === 0 ? digit : digit * 2;
    return total + (doubled > 9 ? doubled - 9 : doubled);
  }, 0);
  return sum % 10 === 0;
}
