/** The known word that a mistyped one most likely stands for; null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  const farthest = word.length < 5 ? 1 : 2;
  let best: { word: string; distance: number } | null = null;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance <= farthest && distance < (best?.distance ?? Number.POSITIVE_INFINITY)) {
      best = { word: candidate, distance };
    }
  }
  return best?.word ?? null;
}

/** `did you mean "x"?` when a known word is near, else the list of what is known. */
export function suggest(word: string, known: readonly string[]): string {
  const candidate = nearest(word, known);
  if (candidate !== null) return `did you mean "${candidate}"?`;
  return `use one of ${known.join(', ')}.`;
}

/** How many letters have to be added, taken away, changed or swapped with their neighbour. */
function editDistance(source: string, target: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: target.length + 1 }, (_, index) => index);
  for (let row = 1; row <= source.length; row++) {
    const current = [row];
    for (let column = 1; column <= target.length; column++) {
      const cost = source[row - 1] === target[column - 1] ? 0 : 1;
      let distance = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + cost,
      );
      if (isSwap(source, target, row, column)) {
        distance = Math.min(distance, at(beforeLast, column - 2) + 1);
      }
      current.push(distance);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, target.length);
}

function isSwap(source: string, target: string, row: number, column: number): boolean {
  if (row < 2 || column < 2) return false;
  return source[row - 1] === target[column - 2] && source[row - 2] === target[column - 1];
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
