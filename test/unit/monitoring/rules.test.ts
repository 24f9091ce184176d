import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parse } from 'yaml';
import { ROOT } from '../../support/node-red';

const MONITORING = join(ROOT, 'monitoring');
const RUNBOOK = 'https://github.com/openegiz/node-red-edge/blob/main/docs/monitoring.md';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

interface Case {
  readonly alert_rule_test?: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
  readonly promql_expr_test?: readonly { readonly expr: string; readonly exp_samples: readonly unknown[] }[];
}

const files = readdirSync(join(MONITORING, 'rules'));

function rulesOf(file: string): Rule[] {
  const text = readFileSync(join(MONITORING, 'rules', file), 'utf8');
  const { groups } = parse(text) as { groups: readonly { readonly rules: readonly Rule[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

function casesOf(file: string): readonly Case[] {
  return (parse(readFileSync(join(MONITORING, 'tests', file), 'utf8')) as { tests: readonly Case[] }).tests;
}

/** How often a rule is expected to give something, and how often nothing. */
function expectations(cases: readonly Case[], { alert, record }: Rule): { fires: number; quiet: number } {
  const expected = cases.flatMap(({ alert_rule_test = [], promql_expr_test = [] }) => [
    ...alert_rule_test.filter(({ alertname }) => alertname === alert).map(({ exp_alerts }) => exp_alerts),
    ...promql_expr_test.filter(({ expr }) => expr === record).map(({ exp_samples }) => exp_samples),
  ]);
  const fires = expected.filter(({ length }) => length > 0).length;
  return { fires, quiet: expected.length - fires };
}

function promtool(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: MONITORING, encoding: 'utf8' });
  should(status).equal(0, `promtool ${args.join(' ')}\n${stdout}${stderr}`);
}

describe('rules of Prometheus', function () {
  this.timeout(30_000);

  it('are read by Prometheus with everything that names them (promtool check)', () => {
    promtool('check', 'config', 'prometheus.yml');
  });

  it('have names that stand once', () => {
    const names = files.flatMap(rulesOf).map(({ alert, record }) => alert ?? record);
    should(new Set(names).size).equal(names.length);
  });

  for (const file of files) {
    it(`${file}: fire when they should and not before (promtool test rules)`, () => {
      promtool('test', 'rules', join('tests', file));
    });

    for (const rule of rulesOf(file)) {
      it(`${rule.alert ?? rule.record} is tested both ways`, () => {
        const { fires, quiet } = expectations(casesOf(file), rule);
        fires.should.be.above(0);
        quiet.should.be.above(0);
      });
    }
  }
});

describe('alerts', () => {
  const runbook = readFileSync(join(ROOT, 'docs/monitoring.md'), 'utf8');
  const headings = [...runbook.matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
  const alerts = files.flatMap(rulesOf).filter(({ alert }) => alert !== undefined);

  for (const { alert = '', labels, annotations } of alerts) {
    it(`${alert} says how severe it is, what is wrong, the mend, and where more is told`, () => {
      should(labels?.severity).match(/^(critical|warning)$/);
      should(labels?.part).match(/^(broker|security|archive|service|fleet|monitoring)$/);
      should(annotations?.summary).match(/^.{10,90}$/);
      should(annotations?.description).match(/^.{60,500}$/);
      should(annotations?.runbook_url).equal(`${RUNBOOK}#${alert.toLowerCase()}`);
      headings.should.containEql(alert);
    });
  }

  it('are all there is a runbook for', () => {
    headings.sort().should.eql(alerts.map(({ alert }) => alert).sort());
  });
});
