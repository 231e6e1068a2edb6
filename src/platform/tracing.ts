import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';

const TRACE_PARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const NOTHING = /^0+$/;
const SEND_EVERY_MS = 2_000;

/**
 * Tells a collector (OTLP over HTTP) what happens within what: a request, its GraphQL operation, the statements and the calls
 * of providers below it. Made only when a collector is set; nobody else pays for it.
 */
export class Tracing {
  readonly #provider: TracerProvider;
  readonly #tracer: Tracer;
  readonly #present = new AsyncLocalStorage<Context>();

  /** `endpoint` is the collector's base address, as OTEL_EXPORTER_OTLP_ENDPOINT says it. */
  constructor(endpoint: string) {
    const url = `${endpoint.replace(/\/$/, '')}/v1/traces`;
    const exporter = new OTLPTraceExporter({ url });
    this.#provider = new TracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'tollgate' }),
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: SEND_EVERY_MS })],
    });
    this.#tracer = this.#provider.getTracer('tollgate');
  }

  /** Runs work as a part of what goes on; an error is told and thrown on. */
  async span<Outcome>(
    name: string,
    attributes: Attributes,
    work: () => Promise<Outcome>,
  ): Promise<Outcome> {
    const parent = this.#present.getStore() ?? ROOT_CONTEXT;
    const span = this.#tracer.startSpan(name, { attributes, kind: SpanKind.CLIENT }, parent);
    try {
      return await this.#present.run(trace.setSpan(parent, span), work);
    } catch (error) {
      // Its words may hold what a client wrote; its kind does not.
      const type = error instanceof Error ? error.name : typeof error;
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute('error.type', type);
      throw error;
    } finally {
      span.end();
    }
  }

  /** Begins a request, within the trace of who made it when it says so; `proceed` runs within it. The caller ends the span. */
  beginRequest(
    name: string,
    traceParent: unknown,
    attributes: Attributes,
    proceed: () => void,
  ): Span {
    const parent = contextFrom(traceParent);
    const span = this.#tracer.startSpan(name, { attributes, kind: SpanKind.SERVER }, parent);
    this.#present.run(trace.setSpan(parent, span), proceed);
    return span;
  }

  /** Sends what was not sent yet. */
  async close(): Promise<void> {
    await this.#provider.shutdown();
  }
}

/** The trace that a `traceparent` header names (W3C Trace Context); the root when it names none. */
function contextFrom(header: unknown): Context {
  const [, traceId = '', spanId = '', flags = ''] =
    (typeof header === 'string' ? TRACE_PARENT.exec(header) : null) ?? [];
  if (NOTHING.test(traceId) || NOTHING.test(spanId) || traceId === '') return ROOT_CONTEXT;
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
