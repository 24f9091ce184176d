import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { clientsOf, devicesOf } from '../../lib/inventory/inventory';
import { parseInventory } from '../../lib/inventory/parse';
import { developmentPki } from '../../lib/pki/directory';
import { publishCode, subscribeCode } from '../support/account-client';
import { ROOT } from '../support/node-red';
import { WatchedBroker } from '../support/watched-broker';

const INVENTORY = parseInventory(readFileSync(join(ROOT, 'sample/inventory.yaml'), 'utf8'));
const OVEN = 'openegiz/factory-a/oven/oven-001';
const QUARTER_S = 90 * 86_400;

/** `name{labels} value` of the text format, as pairs. */
function parseMetrics(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.replace(/ \S+$/, ''), Number(line.replace(/^.* /, ''))]));
}

describe('telegraf/broker-metrics.conf, on a real broker', function () {
  this.timeout(60_000);
  let watched: WatchedBroker;
  let text = '';
  let metrics: ReadonlyMap<string, number> = new Map();

  before(async () => {
    watched = await WatchedBroker.start(INVENTORY);
    const clients = ['acme.paint-shop', 'acme.andon-1'];
    await developmentPki(watched.broker.pkiDirectory, { clients });
    // The audit log is read from where it ends when Telegraf starts.
    await until('egiz_audit_events_total{event="connect",reason=""}', 0);
    await act();
    await until('egiz_guard_messages_count{family="telemetry/environmental"}', 1);
    await until('egiz_client_certificates_enddate_count', clients.length);
    await until('egiz_audit_events_total{event="refused",reason="client_id"}', 1);
  });
  after(() => watched?.close());

  async function act(): Promise<void> {
    const board = await watched.connect('esp32-oven001-elec');
    for (let message = 0; message < 5; message++) await publishCode(board, `${OVEN}/electrical/telemetry`);
    await publishCode(board, `${OVEN}/electrical/status`);
    await subscribeCode(board, '#');
    await board.endAsync();
    const ambient = await watched.connect('esp32-zonea-amb');
    await publishCode(ambient, 'openegiz/factory-a/environment/zone-a/ambient/telemetry');
    await ambient.endAsync();
    await watched.connect('acme.press-line-1', { password: 'wrong' }).should.be.rejected();
    await watched.connect('egizcore', { clientId: 'esp32-oven001-elec' }).should.be.rejected();
  }

  async function until(series: string, value: number): Promise<void> {
    for (const end = Date.now() + 30_000; ; ) {
      text = await watched.metrics();
      metrics = parseMetrics(text);
      if ((metrics.get(series) ?? -1) >= value) return;
      if (Date.now() > end) throw new Error(`never ${series} ${value}:\n${text}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  it('gives what Mosquitto says of itself as mosquitto_* (FR-5.1, FR-5.2)', () => {
    const numbers = ['uptime', 'clients_connected', 'messages_received', 'publish_messages_dropped'];
    const stores = ['store_messages_count', 'retained_messages_count', 'load_connections_1min', 'bytes_sent'];
    for (const name of [...numbers, ...stores]) should(metrics.get(`mosquitto_${name}`)).be.a.Number();
    text.should.match(/^mosquitto_version_info\{version="2\.\d+\.\d+"\} 1$/m);
    text.should.containEql('# TYPE mosquitto_publish_messages_dropped counter');
    text.should.not.containEql('# TYPE mosquitto_clients_connected counter');
  });

  it('says when it last heard Mosquitto and the guard: a broker that is gone is told by their age', () => {
    for (const name of ['mosquitto', 'egiz_guard']) {
      const heard = metrics.get(`${name}_heard_timestamp_seconds`) ?? 0;
      heard.should.be.approximately(Date.now() / 1000, 10);
    }
  });

  it('gives the rate of each kind of topic, and ambient as environmental (FR-5.6)', () => {
    const count = (family: string) => metrics.get(`egiz_guard_messages_count{family="${family}"}`);
    should(count('telemetry/electrical')).equal(5);
    should(count('telemetry/environmental')).equal(1);
    should(count('status')).equal(1);
    should(count('clients/config')).equal(0);
    should(metrics.get('egiz_guard_messages_rate{family="status"}')).be.a.Number();
  });

  it('counts the events of the audit log, refused logins by their reason (FR-5.5)', () => {
    const events = (event: string, reason: string) =>
      metrics.get(`egiz_audit_events_total{event="${event}",reason="${reason}"}`);
    should(events('refused', 'login')).equal(1);
    should(events('refused', 'client_id')).equal(1);
    should(events('refused', 'certificate')).equal(0);
    should(events('acl_denied', 'filter')).equal(1);
    should(events('connect', '')).be.aboveOrEqual(2);
    should(events('other', '')).equal(0);
    should(metrics.get('egiz_guard_auth_failures')).equal(2);
  });

  it('says when certificates end: that which the broker shows, and those in files (SEC-7)', () => {
    const now = Date.now() / 1000;
    const ends = [...metrics].filter(([series]) => series.startsWith('x509_cert_enddate'));
    const of = (source: string) => ends.filter(([series]) => series.includes(`source="${source}`));
    const { pkiDirectory, ports } = watched.broker;
    for (const source of [`tcp://127.0.0.1:${ports.get(8885)}`, `file://${pkiDirectory}/server.crt`]) {
      const [[, end = 0] = []] = of(source);
      (end - now).should.be.approximately(QUARTER_S, 86_400);
    }
    of(`file://${pkiDirectory}/services/watch.crt`).should.have.length(1);
    should(metrics.get('egiz_client_certificates_enddate_min')).be.approximately(now + QUARTER_S, 86_400);
  });

  it('names no client and no board: what there is of does not grow with the fleet', () => {
    for (const { account } of [...clientsOf(INVENTORY), ...devicesOf(INVENTORY)])
      text.should.not.containEql(account);
    text.should.not.containEql('oven-001');
    metrics.size.should.be.below(250);
  });
});
