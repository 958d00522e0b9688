// A file field as a drop zone: shows what was chosen; without scripts it is a plain file field.

export function start(field) {
  const input = field.querySelector("input[type=file]");
  const zone = field.querySelector(".drop");
  const title = field.querySelector("[data-part=title]");
  const hint = field.querySelector("[data-part=hint]");
  const empty = { title: title.textContent, hint: hint.textContent };

  const show = () => {
    const file = input.files[0];
    title.textContent = file ? file.name : empty.title;
    hint.textContent = file ? size(file.size) : empty.hint;
  };
  input.addEventListener("change", show);
  for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, () => zone.classList.add("drop-over"));
  for (const name of ["dragleave", "drop"]) zone.addEventListener(name, () => zone.classList.remove("drop-over"));
  show();
}

function size(bytes) {
  if (bytes >= 2 ** 20) return `${(bytes / 2 ** 20).toFixed(1)} MB`;
  return bytes >= 2 ** 10 ? `${Math.round(bytes / 2 ** 10)} kB` : `${bytes} B`;
}
