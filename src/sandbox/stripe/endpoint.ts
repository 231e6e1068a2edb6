import type { ParametersOf } from './check-parameters.ts';
import type { StripeWorld } from './stripe-world.ts';

/** One endpoint of Stripe's API: what it takes and what it does. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** As in fastify: `:id` stands for a part. */
  readonly path: string;
  readonly resource: keyof ParametersOf;
  readonly action: string;
  /** Answers the object, or a refusal whose traces stay in the books; one that is thrown leaves none. */
  run(call: Call<never>): object;
}

export interface Call<P> {
  readonly world: StripeWorld;
  /** Checked parameters, `expand` apart. */
  readonly params: P;
  /** The parts of the path. */
  readonly id: string;
  readonly subId: string;
  readonly path: string;
}

/** Declares an endpoint whose parameters are those of the SDK's method `action` on `resource`. */
export function endpoint<R extends keyof ParametersOf, A extends keyof ParametersOf[R] & string>(
  route: `${Endpoint['method']} /v1/${string}`,
  resource: R,
  action: A,
  run: (call: Call<ParametersOf[R][A]>) => object,
): Endpoint {
  const [method, path] = route.split(' ') as [Endpoint['method'], string];
  return { method, path, resource, action, run: run as Endpoint['run'] };
}
