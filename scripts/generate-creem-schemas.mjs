// Writes src/sandbox/creem/schemas.json: the JSON Schemas of Creem's request parameters as they are on the wire, made from
// the types of the installed `creem` package. With --check it only says whether they are in step.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const file = join(root, 'src/sandbox/creem/schemas.json');

const generator = createGenerator({
  path: join(root, 'src/sandbox/creem/parameters.ts'),
  tsconfig: join(root, 'tsconfig.json'),
  skipTypeCheck: true,
  jsDoc: 'none',
  expose: 'none',
  topRef: false,
  additionalProperties: false,
});

const given = generator.createSchema('CreemParameters').properties;
const wire = generator.createSchema('CreemWire').properties;
const endpoints = Object.fromEntries(
  Object.entries(given).map(([endpoint, schema]) => [endpoint, onTheWire(schema, wire[endpoint], endpoint)]),
);
const { version } = JSON.parse(readFileSync(join(root, 'node_modules/creem/package.json'), 'utf8'));
const text = `${JSON.stringify({ creemVersion: version, endpoints }, null, 2)}\n`;
const isInStep = existsSync(file) && JSON.stringify(JSON.parse(readFileSync(file, 'utf8'))) === JSON.stringify(JSON.parse(text));

if (process.argv.includes('--check')) {
  if (!isInStep) {
    process.stderr.write('Not in step with the installed creem package: src/sandbox/creem/schemas.json\n');
    process.exit(1);
  }
} else {
  if (!isInStep) writeFileSync(file, text);
  process.stdout.write(`${Object.keys(endpoints).length} endpoints${isInStep ? ', unchanged' : ', written'}\n`);
}

/** What a program gives, under the names that are on the wire: snake case, except where the SDK sends camel case itself. */
function onTheWire(schema, sent, name) {
  if (schema.anyOf) return { anyOf: schema.anyOf.map((member, index) => onTheWire(member, sent?.anyOf?.[index] ?? sent, name)) };
  if (schema.type === 'number') return { type: /percentage|rate/i.test(name) ? 'number' : 'integer' };
  if (Array.isArray(schema.type)) return { ...schema, type: schema.type.map((type) => (type === 'number' ? 'integer' : type)) };
  if (schema.type === 'array') return { ...schema, items: onTheWire(schema.items, sent?.items, name) };
  if (schema.type !== 'object' || !schema.properties) return schema;
  const nameOf = (key) => wireName(key, sent?.properties ?? {}, name);
  return {
    ...schema,
    properties: Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [nameOf(key), onTheWire(value, sent?.properties?.[nameOf(key)], key)]),
    ),
    ...(schema.required ? { required: schema.required.map(nameOf) } : {}),
  };
}

function wireName(key, sent, where) {
  const snake = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const name = [snake, key].find((candidate) => candidate in sent);
  if (name === undefined) throw new Error(`${where}.${key} has no name on the wire.`);
  return name;
}
