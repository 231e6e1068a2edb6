/** A statement with a name is parsed and planned once per connection. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

const names = new Map<string, string>();

/** The statement's text, which `nameOf` knows from now on. Kysely hands on a text, and no name. */
export function preparedText({ name, text }: Statement): string {
  if (!names.has(text)) names.set(text, name);
  return text;
}

/** The name of the statement with this text; undefined: it has none. */
export function nameOf(text: string): string | undefined {
  return names.get(text);
}
