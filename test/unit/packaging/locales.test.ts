import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { isJsonObject } from '../../../lib/json/json';
import { ROOT } from '../../support/node-red';
import { isConfigurationNode, nodeSets, source } from './manifest';

const LANGUAGES = ['en-US', 'ru'];

function keysOf(value: unknown, path = ''): string[] {
  if (!isJsonObject(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, path === '' ? key : `${path}.${key}`));
}

/** The keys that a dialog and its script use. */
function usedKeys(set: string): string[] {
  const html = [...source(set, `${set}.html`).matchAll(/data-i18n="([^"]*)"/g)].flatMap(([, keys = '']) =>
    keys.split(';').map((key) => key.replace(/^\[[^\]]*\]/, '')),
  );
  const script = [...source(set, `${set}.editor.ts`).matchAll(/\b(?:translate|_)\(\s*'([^']+)'/g)].map(
    ([, key = '']) => key,
  );
  return [...new Set([...html, ...script])].filter((key) => !key.includes(':'));
}

describe('locales: every node in every language', () => {
  for (const set of nodeSets) {
    describe(set, () => {
      const keys = (language: string) =>
        keysOf(JSON.parse(source(set, 'locales', language, `${set}.json`))).sort();

      it('has the same labels in each', () => {
        for (const language of LANGUAGES) should(keys(language)).eql(keys('en-US'), language);
      });

      it('has every label that its dialog uses', () => {
        should(keys('en-US')).containDeep(usedKeys(set));
      });

      for (const language of LANGUAGES) {
        it(`has help in ${language}: what goes in, what comes out, errors, an example`, () => {
          const help = source(set, 'locales', language, `${set}.html`);
          should(help).match(new RegExp(`data-help-name="${set}"`));
          should(help.trim()).match(/^<script type="text\/html"[^>]*>\s*<p>/);
          should(help.length).be.above(600);
          should((help.match(/<h3>/g) ?? []).length).be.aboveOrEqual(2);
        });
      }

      it('is told in Russian letters', () => {
        should(source(set, 'locales', 'ru', `${set}.json`)).match(/[а-яё]/i);
        should(source(set, 'locales', 'ru', `${set}.html`)).match(/[а-яё]{4}/i);
      });

      if (!isConfigurationNode(set)) {
        it('has an icon of 40 x 60, white on transparent', () => {
          const icons = readdirSync(join(ROOT, 'nodes', set, 'icons'));
          should(icons).containEql(`${set}.svg`);
          const svg = source(set, 'icons', `${set}.svg`);
          should(svg).match(/width="40" height="60"/);
          should([...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour)).matchEach(
            /^(#fff(fff)?|white|none)$/i,
          );
        });
      }

      it('uses no colour of its own in its dialog', () => {
        should(source(set, `${set}.html`)).not.match(
          /#[0-9a-f]{3,8}\b|rgba?\(|(?:color|background):\s*(?!var|inherit|transparent)/i,
        );
      });

      it('has its file names as the loader looks for them', () => {
        for (const file of [`${set}.ts`, `${set}.editor.ts`, `${set}.html`, 'migrations.ts']) {
          should(existsSync(join(ROOT, 'nodes', set, file))).be.true(file);
        }
      });
    });
  }
});
