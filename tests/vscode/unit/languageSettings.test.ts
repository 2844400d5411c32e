import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { SERVER_SETTINGS, serverSettings, STARTING_SETTINGS } from '../../../client-vscode/src/language/settings';

interface Manifest {
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: { readonly configuration: { readonly properties: Record<string, { readonly default: unknown }> } };
}
const MANIFEST = JSON.parse(fs.readFileSync('client-vscode/package.json', 'utf8')) as Manifest;

test('dotted settings reach the server as objects in objects', () => {
  const chosen: Record<string, unknown> = { 'holes.verify': 'run', confidence: 0.8 };
  const section = serverSettings((name, otherwise) => chosen[name] ?? otherwise);
  assert.deepEqual(section, {
    engine: 'auto',
    confidence: 0.8,
    inlayHints: true,
    warnings: true,
    codeLenses: true,
    holes: { verify: 'run', candidates: 16, reasoning: false },
  });
});

test('every setting of the server is documented with the default that is sent', () => {
  const { properties } = MANIFEST.contributes.configuration;
  for (const [name, value] of Object.entries(SERVER_SETTINGS)) {
    assert.equal(properties[`foreframe.${name}`]?.default, value, name);
  }
  for (const name of STARTING_SETTINGS) assert.ok(properties[`foreframe.${name}`], name);
});

test('a workspace that is not trusted can choose no candidate to be executed', () => {
  assert.ok(MANIFEST.capabilities.untrustedWorkspaces.restrictedConfigurations.includes('foreframe.holes.verify'));
});
