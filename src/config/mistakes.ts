/** The settings or the catalogue are wrong: one line for each mistake, none of which shows a secret. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.mistakes = mistakes;
  }
}

/** Gathers what is wrong, so that it can all be told at once. */
export class Mistakes {
  readonly #lines: string[];
  readonly #file: string | null;

  constructor(lines: string[] = [], file: string | null = null) {
    this.#lines = lines;
    this.#file = file;
  }

  get count(): number {
    return this.#lines.length;
  }

  /** One mistake: `where` it is (a variable, a path in a file), and what is wrong and what to do about it. */
  add(where: string, problem: string): void {
    this.#lines.push([this.#file, where, problem].filter(Boolean).join(': '));
  }

  /** The same list, for mistakes inside one file. */
  inFile(file: string): Mistakes {
    return new Mistakes(this.#lines, file);
  }

  /** Throws ConfigError when there was any mistake. */
  refuseIfAny(): void {
    if (this.#lines.length > 0) throw new ConfigError([...this.#lines]);
  }
}
