// Writes src/sandbox/stripe/schemas/*.json: the JSON Schemas of Stripe's request parameters, as they are on the wire
// (form encoded), made from the types of the installed `stripe` package. With --check it only says whether they are in step.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const source = join(root, 'src/sandbox/stripe/parameters.ts');
const folder = join(root, 'src/sandbox/stripe/schemas');

const generator = createGenerator({
  path: source,
  tsconfig: join(root, 'tsconfig.json'),
  skipTypeCheck: true,
  jsDoc: 'none',
  expose: 'none',
  topRef: false,
  additionalProperties: false,
});

const names = [...readFileSync(source, 'utf8').matchAll(/export interface (\w+)Parameters /g)].map((match) => match[1]);
const wanted = new Map(names.map((name) => [fileName(name), schemasOf(name)]));
const stale = readdirSync(folder).filter((file) => !wanted.has(file));
const outdated = [...wanted].filter(([file, text]) => !saysTheSame(join(folder, file), text));

if (process.argv.includes('--check')) {
  const wrong = [...stale, ...outdated.map(([file]) => file)];
  if (wrong.length > 0) {
    process.stderr.write(`Not in step with the installed stripe package: ${wrong.join(', ')}\n`);
    process.exit(1);
  }
} else {
  for (const [file, text] of outdated) writeFileSync(join(folder, file), text);
  process.stdout.write(`${outdated.length} of ${wanted.size} schema files written${stale.length > 0 ? `; no longer used: ${stale.join(', ')}` : ''}\n`);
}

function fileName(name) {
  return `${name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `-${letter}`).toLowerCase()}.json`;
}

function schemasOf(name) {
  const schema = generator.createSchema(`${name}Parameters`);
  const endpoints = Object.fromEntries(
    Object.entries(schema.properties).map(([endpoint, parameters]) => [endpoint, onTheWire(parameters, endpoint)]),
  );
  const { version } = JSON.parse(readFileSync(join(root, 'node_modules/stripe/package.json'), 'utf8'));
  return `${JSON.stringify({ stripeVersion: version, endpoints }, null, 2)}\n`;
}

/** What a TypeScript type looks like once it is form encoded: no null, whole numbers, closed enums, decimals as text. */
function onTheWire(schema, name) {
  if (isDecimal(schema)) return { type: 'string', pattern: '^-?\\d+(\\.\\d{1,12})?$' };
  if (Array.isArray(schema.type)) return union(schema.type.map((type) => ({ type })), name);
  if (schema.anyOf) return union(schema.anyOf, name);
  if (schema.type === 'null' || schema.const === '') return { const: '' };
  if (schema.type === 'number') return { type: /percent|latitude|longitude/.test(name) ? 'number' : 'integer' };
  if (schema.type === 'array') return { ...schema, items: onTheWire(schema.items, name) };
  if (schema.type === 'object') return objectOnTheWire(schema);
  return schema;
}

function union(members, name) {
  const closed = members.some(isNamed) ? members.filter((member) => isNamed(member) || !isAnyText(member)) : members;
  const wire = closed.map((member) => onTheWire(member, name));
  if (wire.some(isAnyText)) {
    const rest = wire.filter((member) => ['object', 'array'].includes(member.type));
    return rest.length === 0 ? { type: 'string' } : { anyOf: [{ type: 'string' }, ...rest] };
  }
  const unique = [...new Map(wire.map((member) => [JSON.stringify(member), member])).values()];
  return unique.length === 1 ? unique[0] : { anyOf: unique };
}

function objectOnTheWire(schema) {
  const wire = { ...schema };
  if (schema.properties) {
    wire.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [key, onTheWire(value, key)]),
    );
  }
  if (typeof schema.additionalProperties === 'object') wire.additionalProperties = onTheWire(schema.additionalProperties, '');
  return wire;
}

/** The SDK types an enum as its known values or any other text; Stripe itself takes only the known ones. */
function isNamed(schema) {
  return schema.type === 'string' && (schema.enum !== undefined || (schema.const !== undefined && schema.const !== ''));
}

function isAnyText(schema) {
  return schema.type === 'string' && schema.enum === undefined && schema.const === undefined && schema.pattern === undefined;
}

function isDecimal(schema) {
  return schema.type === 'object' && Object.keys(schema.properties ?? {}).some((key) => key.includes('_brand'));
}

/** The layout of a committed file is the formatter's business. */
function saysTheSame(path, text) {
  return existsSync(path) && JSON.stringify(JSON.parse(readFileSync(path, 'utf8'))) === JSON.stringify(JSON.parse(text));
}
