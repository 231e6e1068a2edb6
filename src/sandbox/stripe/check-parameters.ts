import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { parameterName } from './form-body.ts';
import type {
  ChargeParameters,
  CheckoutSessionParameters,
  CouponParameters,
  CustomerParameters,
  DisputeParameters,
  EventParameters,
  InvoiceParameters,
  InvoicePaymentParameters,
  PaymentIntentParameters,
  PaymentMethodParameters,
  PortalSessionParameters,
  PriceParameters,
  ProductParameters,
  RefundParameters,
  SetupIntentParameters,
  SubscriptionParameters,
  SubscriptionScheduleParameters,
} from './parameters.ts';
import charge from './schemas/charge.json' with { type: 'json' };
import checkoutSession from './schemas/checkout-session.json' with { type: 'json' };
import coupon from './schemas/coupon.json' with { type: 'json' };
import customer from './schemas/customer.json' with { type: 'json' };
import dispute from './schemas/dispute.json' with { type: 'json' };
import event from './schemas/event.json' with { type: 'json' };
import invoice from './schemas/invoice.json' with { type: 'json' };
import invoicePayment from './schemas/invoice-payment.json' with { type: 'json' };
import paymentIntent from './schemas/payment-intent.json' with { type: 'json' };
import paymentMethod from './schemas/payment-method.json' with { type: 'json' };
import portalSession from './schemas/portal-session.json' with { type: 'json' };
import price from './schemas/price.json' with { type: 'json' };
import product from './schemas/product.json' with { type: 'json' };
import refund from './schemas/refund.json' with { type: 'json' };
import setupIntent from './schemas/setup-intent.json' with { type: 'json' };
import subscription from './schemas/subscription.json' with { type: 'json' };
import subscriptionSchedule from './schemas/subscription-schedule.json' with { type: 'json' };
import { badRequest, missingParameter, type StripeProblem } from './stripe-problem.ts';

export interface ParametersOf {
  charge: ChargeParameters;
  checkoutSession: CheckoutSessionParameters;
  coupon: CouponParameters;
  customer: CustomerParameters;
  dispute: DisputeParameters;
  event: EventParameters;
  invoice: InvoiceParameters;
  invoicePayment: InvoicePaymentParameters;
  paymentIntent: PaymentIntentParameters;
  paymentMethod: PaymentMethodParameters;
  portalSession: PortalSessionParameters;
  price: PriceParameters;
  product: ProductParameters;
  refund: RefundParameters;
  setupIntent: SetupIntentParameters;
  subscription: SubscriptionParameters;
  subscriptionSchedule: SubscriptionScheduleParameters;
}

const SCHEMAS: Record<keyof ParametersOf, { endpoints: Record<string, object> }> = {
  charge,
  checkoutSession,
  coupon,
  customer,
  dispute,
  event,
  invoice,
  invoicePayment,
  paymentIntent,
  paymentMethod,
  portalSession,
  price,
  product,
  refund,
  setupIntent,
  subscription,
  subscriptionSchedule,
};

const ajv = new Ajv({ coerceTypes: true, strict: false, allErrors: true, verbose: true });
const compiled = new Map<string, ValidateFunction>();

/**
 * Checks decoded parameters against the types of the pinned version, turning texts into numbers and booleans in place.
 * Throws the 400 that Stripe answers: unknown, missing or ill-typed parameter.
 */
export function checkParameters<R extends keyof ParametersOf>(
  resource: R,
  action: keyof ParametersOf[R] & string,
  params: Record<string, unknown>,
): void {
  const name = `${resource}.${action}`;
  let validate = compiled.get(name);
  if (validate === undefined) {
    validate = ajv.compile(SCHEMAS[resource].endpoints[action] ?? false);
    compiled.set(name, validate);
  }
  if (validate(params)) return;
  const errors = validate.errors ?? [];
  throw asProblem(firstToTell(errors));
}

/** Of alternatives that all failed, the one that got furthest says best what is wrong; unknown names come first. */
function firstToTell(errors: readonly ErrorObject[]): ErrorObject | undefined {
  const telling = errors.filter((error) => error.keyword !== 'anyOf' && error.keyword !== 'const');
  return (
    telling.find((error) => error.keyword === 'additionalProperties') ??
    telling.toSorted((a, b) => depth(b) - depth(a))[0] ??
    errors[0]
  );
}

function depth(error: ErrorObject): number {
  return error.instancePath.split('/').length + (error.keyword === 'type' ? 0 : 1);
}

function asProblem(error: ErrorObject | undefined): StripeProblem {
  const path = (error?.instancePath ?? '').split('/').slice(1).map(unescapePointer);
  const param = parameterName(path);
  switch (error?.keyword) {
    case 'additionalProperties': {
      const unknown = parameterName([...path, String(error.params.additionalProperty)]);
      return badRequest(`Received unknown parameter: ${unknown}`, {
        code: 'parameter_unknown',
        param: unknown,
      });
    }
    case 'required':
      return missingParameter(parameterName([...path, String(error.params.missingProperty)]));
    case 'enum':
      return badRequest(`Invalid ${param}: must be one of ${listed(error.params.allowedValues)}`, {
        param,
      });
    default:
      return illTyped(param, String(error?.params.type ?? 'value'), error?.data);
  }
}

function illTyped(param: string, type: string, value: unknown): StripeProblem {
  if (value === '') {
    return badRequest(
      `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
      { code: 'parameter_invalid_empty', param },
    );
  }
  const shown = typeof value === 'string' ? value : JSON.stringify(value);
  const code = type === 'integer' ? { code: 'parameter_invalid_integer' } : {};
  return badRequest(`Invalid ${type}: ${shown}`, { ...code, param });
}

function listed(values: unknown): string {
  const all = Array.isArray(values) ? values.map(String) : [];
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')}, or ${all.at(-1)}`;
}

function unescapePointer(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}
