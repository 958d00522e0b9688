// A short form of choices that shows its result as soon as one changes; without scripts its button does.

export function start(form) {
  form.addEventListener("change", () => form.requestSubmit());
}
