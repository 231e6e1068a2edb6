import { Counter, Gauge, Histogram, Registry } from '@prometheus-io/client';

/** A number that is looked up when somebody reads; null: not known now. */
type Reading = () => number | null | Promise<number | null>;

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
/** A reading that takes longer, such as of a database that is away, is left out. */
const READ_WITHIN_MS = 1_000;

/**
 * What a process counts, as Prometheus reads it. No label names an account, a key, or anything else that a client makes up:
 * there are as many series as the program has words.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #requests = this.#histogram(
    'http_server_request_duration_seconds',
    'How long requests took, by route and status.',
    ['http_request_method', 'http_route', 'http_response_status_code'],
  );
  readonly #operations = this.#counter(
    'tollgate_graphql_operations_total',
    'GraphQL operations over HTTP, by their type, and OK or the code of their first error.',
    ['type', 'outcome'],
  );
  readonly #debits = this.#counter(
    'tollgate_debits_total',
    'Spends and other debits, by what became of them.',
    ['outcome'],
  );
  readonly #batches = this.#histogram(
    'tollgate_debit_batch_size',
    'How many debits shared a statement.',
    [],
    BATCH_SIZES,
  );
  readonly #limited = this.#counter(
    'tollgate_rate_limited_total',
    'Requests that came too often, by what was counted.',
    ['by'],
  );
  readonly #webhooks = this.#counter(
    'tollgate_webhooks_total',
    'Webhooks that arrived, by provider and what became of them.',
    ['channel', 'outcome'],
  );
  readonly #providerCalls = this.#histogram(
    'tollgate_provider_call_duration_seconds',
    'How long calls of a provider took, by what was asked and OK or the kind of error.',
    ['channel', 'call', 'outcome'],
  );
  readonly #jobs = this.#histogram(
    'tollgate_job_duration_seconds',
    'How long jobs ran, by task and whether they were done.',
    ['task', 'outcome'],
  );

  /** `status` is HTTP's; a request that no route wanted has the route `none`. */
  requestAnswered(method: string, route: string, status: number, seconds: number): void {
    this.#requests([method, route, String(status)]).observe(seconds);
  }

  operationAnswered(type: string, outcome: string): void {
    this.#operations([type, outcome]).inc();
  }

  /** One batch of debits, each by its outcome. */
  debitsApplied(outcomes: readonly string[]): void {
    this.#batches([]).observe(outcomes.length);
    for (const outcome of outcomes) this.#debits([outcome]).inc();
  }

  requestLimited(by: 'key' | 'address' | 'wrong_keys'): void {
    this.#limited([by]).inc();
  }

  webhookArrived(channel: string, outcome: 'stored' | 'duplicate' | 'refused' | 'failed'): void {
    this.#webhooks([channel, outcome]).inc();
  }

  providerCalled(channel: string, call: string, outcome: string, seconds: number): void {
    this.#providerCalls([channel, call, outcome]).observe(seconds);
  }

  jobRun(task: string, outcome: 'done' | 'failed', seconds: number): void {
    this.#jobs([task, outcome]).observe(seconds);
  }

  /** Adds a number that is looked up whenever somebody reads the metrics. */
  read(name: string, help: string, reading: Reading): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      registers: [this.#registry],
      collect: async () => {
        const value = await within(READ_WITHIN_MS, reading);
        if (value === null) gauge.remove();
        else gauge.set(value);
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, as Prometheus reads it. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #histogram(name: string, help: string, labelNames: readonly string[], buckets = SECONDS) {
    const registers = [this.#registry];
    const all = new Histogram({ name, help, labelNames: [...labelNames], buckets, registers });
    return remembered((labels) => all.labels(...labels));
  }

  #counter(name: string, help: string, labelNames: readonly string[]) {
    const all = new Counter({
      name,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    });
    return remembered((labels) => all.labels(...labels));
  }
}

/** Finding a series by its labels costs more than counting. */
function remembered<Series>(find: (labels: readonly string[]) => Series) {
  const known = new Map<string, Series>();
  return (labels: readonly string[]): Series => {
    const key = labels.join(' ');
    const series = known.get(key) ?? find(labels);
    known.set(key, series);
    return series;
  };
}

async function within(ms: number, reading: Reading): Promise<number | null> {
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<null>((resolve) => {
    late = setTimeout(resolve, ms, null);
  });
  try {
    return await Promise.race([reading(), tooLate]);
  } catch {
    return null;
  } finally {
    clearTimeout(late);
  }
}
