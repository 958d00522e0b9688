// Copies what browsers need from node_modules into static/vendor, builds the icon sprite and the licence list.
// Run by the image build after `npm ci`; nothing it writes is committed.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const target = join(here, "static", "vendor");

const files = [
  ["htmx.org/dist/htmx.min.js", "htmx.min.js"],
  ["echarts/dist/echarts.common.min.js", "echarts.min.js"],
  ["@fontsource-variable/inter/files/inter-latin-wght-normal.woff2", "inter-latin.woff2"],
  ["@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2", "inter-latin-ext.woff2"],
];

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const [from, to] of files) cpSync(join(modules, from), join(target, to));

const names = readFileSync(join(here, "icons.txt"), "utf8").split("\n").filter(Boolean);
const symbols = names.map((name) => {
  const svg = readFileSync(join(modules, "lucide-static", "icons", `${name}.svg`), "utf8");
  const shape = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shape.replace(/\s+/g, " ").trim()}</symbol>`;
});
writeFileSync(join(target, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);

const wanted = Object.keys(JSON.parse(readFileSync(join(here, "package.json"), "utf8")).dependencies);
const licences = wanted.map((name) => {
  const manifest = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
  return { name, version: manifest.version, licence: manifest.license };
});
writeFileSync(join(target, "licences.json"), JSON.stringify(licences, null, 1));
console.log(`vendored ${files.length} files and ${names.length} icons`);
