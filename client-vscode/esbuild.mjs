/** Bundles the extension (Node) and its webview (browser) into dist/. */
import { build } from 'esbuild';

const shared = {
  bundle: true,
  minify: process.argv.includes('--minify'),
  sourcemap: process.argv.includes('--minify') ? false : 'linked',
  logLevel: 'warning',
  target: 'es2022',
};

await Promise.all([
  build({
    ...shared,
    entryPoints: ['src/extension.ts'],
    outfile: 'dist/extension.js',
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
  }),
  build({
    ...shared,
    entryPoints: ['webview/timeline.ts', 'webview/timeline.css'],
    outdir: 'dist/webview',
    platform: 'browser',
    format: 'iife',
  }),
]);
