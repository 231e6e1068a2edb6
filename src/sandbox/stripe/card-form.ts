import { type Html, html } from '../html.ts';
import { pageFrame } from '../page.ts';

export interface CardForm {
  readonly title: string;
  readonly text: string;
  readonly email: string | null;
  /** What the button says. */
  readonly label: string;
}

interface RefusedCard {
  readonly message: string;
  readonly cardNumber: string;
}

const CARDS = [
  ['4242 4242 4242 4242', 'Is saved, and pays'],
  ['4000 0000 0000 0002', 'Is declined'],
  ['4000 0000 0000 0341', 'Is saved, but each charge fails'],
] as const;

/** A page that takes a card and nothing else. */
export function cardPage(form: CardForm, refused: RefusedCard | null): Html {
  return pageFrame(
    form.title,
    html`<main class="single"><section class="sheet">
<h1>${form.title}</h1>
<p class="note">${form.text}</p>
<form method="post">
${refused && html`<p class="error" role="alert" id="problem">${refused.message}</p>`}
${form.email !== null && html`<div class="field"><p class="label">Email</p><p class="given">${form.email}</p></div>`}
<div class="field">
<label for="cardNumber">Card number</label>
<input class="card" id="cardNumber" name="cardNumber" inputmode="numeric" autocomplete="off" placeholder="4242 4242 4242 4242"
 value="${refused?.cardNumber ?? '4242 4242 4242 4242'}"${refused && html` aria-invalid="true" aria-describedby="problem" autofocus`}>
</div>
<button class="primary" type="submit" name="action" value="save">${form.label}</button>
<button class="plain" type="submit" name="action" value="cancel" formnovalidate>Cancel</button>
</form>
<details${refused && html` open`}>
<summary>Test cards</summary>
<table><tbody>${CARDS.map(([number, effect]) => html`<tr><td>${number}</td><td>${effect}</td></tr>`)}</tbody></table>
</details>
</section></main>`,
  );
}
