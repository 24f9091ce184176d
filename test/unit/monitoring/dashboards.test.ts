import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parse } from 'yaml';
import { type Dashboard, type DataSource, dashboards, GRAFANA, type Panel } from '../../support/dashboards';

/** The width of Grafana's grid. */
const COLUMNS = 24;
/** Of Grafana 11; a newer one migrates what is older. */
const SCHEMA_VERSION = 41;
const PANEL_TYPES = ['row', 'stat', 'table', 'timeseries', 'state-timeline'];
const BUILT_IN = ['-- Mixed --', '-- Grafana --'];

interface Provisioned {
  readonly datasources: readonly {
    readonly uid: string;
    readonly type: string;
    readonly url: string;
    readonly secureJsonData?: Readonly<Record<string, string>>;
  }[];
}

const provisioning = (path: string): string => readFileSync(join(GRAFANA, 'provisioning', path), 'utf8');
const { datasources } = parse(provisioning('datasources/openegiz.yml')) as Provisioned;

const overlap = (one: Panel, other: Panel): boolean => {
  const [a, b] = [one.gridPos, other.gridPos];
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
};

const sourcesOf = ({ panels, templating }: Dashboard): readonly DataSource[] => [
  ...panels.flatMap(({ datasource, targets = [] }) => [
    ...(datasource === undefined ? [] : [datasource]),
    ...targets.map((target) => target.datasource),
  ]),
  ...templating.list.map(({ datasource }) => datasource),
];

describe('data sources of Grafana', () => {
  it('have their address from the environment and their secret from a file', () => {
    for (const { url, secureJsonData = {} } of datasources) {
      url.should.match(/^\$\{EGIZ_[A-Z_]+\}$/);
      for (const secret of Object.values(secureJsonData)) secret.should.match(/^\$__file\{\/.+\}$/);
    }
    datasources.map(({ type }) => type).should.eql(['prometheus', 'influxdb']);
  });
});

describe('dashboards of Grafana', () => {
  const all = dashboards();

  it('are two, found by who looks for them, and each has a name of its own (FR-5.3)', () => {
    [...all.values()].map(({ title }) => title).should.eql(['Broker health', 'Fleet telemetry']);
    should(new Set([...all.values()].map(({ uid }) => uid)).size).equal(all.size);
    provisioning('dashboards/openegiz.yml').should.containEql('path: /etc/grafana/openegiz/dashboards\n');
  });

  for (const [file, dashboard] of all) {
    describe(file, () => {
      const { panels, templating } = dashboard;
      const charts = panels.filter(({ type }) => type !== 'row');

      it('is of the form that Grafana reads', () => {
        should(dashboard.schemaVersion).equal(SCHEMA_VERSION);
        // A number would be that of some other database.
        should(dashboard.id).equal(null);
        dashboard.uid.should.match(/^[a-z-]{1,40}$/);
        should(dashboard.time.to).equal('now');
        for (const { type } of panels) PANEL_TYPES.should.containEql(type);
      });

      it('has panels with ids of their own that lie beside each other', () => {
        should(new Set(panels.map(({ id }) => id)).size).equal(panels.length);
        for (const [index, panel] of panels.entries()) {
          (panel.gridPos.x + panel.gridPos.w).should.be.belowOrEqual(COLUMNS);
          for (const other of panels.slice(index + 1)) {
            should(overlap(panel, other)).equal(false, `${panel.title}, ${other.title}`);
          }
        }
      });

      it('asks only data sources that are provisioned', () => {
        const known = datasources.map(({ type, uid }) => `${type} ${uid}`);
        for (const { type, uid } of sourcesOf(dashboard)) {
          if (!BUILT_IN.includes(uid)) known.should.containEql(`${type} ${uid}`);
        }
      });

      it('says of each panel what it shows and in which unit, with thresholds in order', () => {
        for (const { title, description, fieldConfig, targets = [] } of charts) {
          should(description).match(/^.{10,}\.$/, title);
          should(fieldConfig?.defaults.unit).match(/\S/, title);
          const [base, ...steps] = fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value) ?? [];
          should(base).equal(null, title);
          steps.should.eql(
            [...steps].sort((a, b) => Number(a) - Number(b)),
            title,
          );
          const ids = targets.map(({ refId }) => refId);
          should(new Set(ids).size).equal(targets.length, title);
          targets.length.should.be.above(0, title);
        }
      });

      it('lets a person choose, by variables that panels use', () => {
        templating.list.length.should.be.above(0);
        const queries = JSON.stringify(panels);
        for (const { name, label } of templating.list) {
          label.should.match(/^[A-Z]/);
          queries.should.match(new RegExp(`\\$\\{?${name}\\b`));
        }
      });
    });
  }
});
