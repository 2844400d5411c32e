/** Bundles what the page takes from others into static/vendor, with all licences in one file. */
import { build } from 'esbuild';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(process.argv[2] ?? join(here, '../foreframe/web/static/vendor'));

const { metafile } = await build({
  absWorkingDir: here,
  entryPoints: ['editor.js', 'charts.js', { in: 'node_modules/uplot/dist/uPlot.min.css', out: 'charts' }].map((entry) =>
    typeof entry === 'string' ? { in: entry, out: entry.replace('.js', '') } : entry,
  ),
  outdir: out,
  bundle: true,
  minify: true,
  metafile: true,
  format: 'esm',
  target: 'es2022',
  charset: 'utf8',
  legalComments: 'none', // LICENSES.txt has them whole
  logLevel: 'warning',
});

const packages = new Set(
  Object.keys(metafile.inputs)
    .map((input) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1])
    .filter((name) => name !== undefined),
);
const licences = [];
for (const name of [...packages].sort()) {
  const folder = join(here, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined) throw new Error(`${name} comes without its licence`);
  const text = (await readFile(join(folder, file), 'utf8')).trim();
  licences.push(`${name} ${version} (${license})\n\n${text}\n`);
}
await writeFile(join(out, 'LICENSES.txt'), licences.join(`\n${'-'.repeat(72)}\n\n`));
