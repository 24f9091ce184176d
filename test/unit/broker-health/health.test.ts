import should from 'should';
import type { HealthThresholds } from '../../../lib/broker-health/alerts';
import { BrokerHealth } from '../../../lib/broker-health/health';
import { digestOf, metricsOf } from '../../../lib/broker-health/report';
import { BrokerMetrics } from '../../../lib/metrics/broker';
import { Registry } from '../../../lib/metrics/registry';

const THRESHOLDS: HealthThresholds = {
  queue: 10_000,
  lostClientsPercent: 10,
  lostClientsMinimum: 5,
  loginFailures: 10,
  guard: true,
  silentAfterMs: 35_000,
  unreachableAfterMs: 5_000,
  holdMs: 300_000,
};
/** As Mosquitto and the guard have it. */
const INTERVAL_MS = 10_000;

type Figures = Readonly<Record<string, number | string>>;

/** A broker that publishes what it is told to, and its health; alerts are noted as `+CODE` and `-CODE`. */
class Watched {
  now = Date.parse('2026-01-29T10:30:00Z');
  readonly health: BrokerHealth;
  #told: string[] = [];
  #uptime = 1_000;

  constructor(thresholds: Partial<HealthThresholds> = {}) {
    this.health = new BrokerHealth({ ...THRESHOLDS, ...thresholds }, this.now);
  }

  /** What the broker had kept, as it comes with the subscription. */
  connect(kept: Figures = {}): this {
    this.health.connected(this.now);
    this.say({ uptime: `${this.#uptime} seconds`, ...kept }, true);
    return this;
  }

  say(figures: Figures, retain = false): void {
    for (const [path, value] of Object.entries(figures)) {
      this.health.note(
        { topic: `$SYS/broker/${path}`, payload: Buffer.from(String(value)), retain },
        this.now,
      );
    }
  }

  /** One round of figures, after its interval. The uptime comes first, as from Mosquitto. */
  round(figures: Figures = {}): this {
    this.pass(INTERVAL_MS);
    this.#uptime += INTERVAL_MS / 1000;
    this.say({ uptime: `${this.#uptime} seconds`, 'egiz/acl/denying_all': 0, ...figures });
    this.look();
    return this;
  }

  restart(): void {
    this.#uptime = 0;
  }

  pass(ms: number): this {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(end, this.now + 1_000);
      this.look();
    }
    return this;
  }

  look(): void {
    for (const { code, state } of this.health.evaluate(this.now)) {
      this.#told.push(`${state === 'raised' ? '+' : '-'}${code}`);
    }
  }

  /** What was told since the last time. */
  news(): string[] {
    return this.#told.splice(0);
  }

  message(code: string): string | undefined {
    return this.health.alerts.find((alert) => alert.code === code)?.message;
  }
}

describe('the health of a broker (FR-5.1, FR-5.4)', () => {
  it('is well while the uptime moves, whatever else is not told', () => {
    const watched = new Watched().connect();
    for (let count = 0; count < 30; count++) watched.round();
    should(watched.news()).be.empty();
    should(digestOf(watched.health, 'b', watched.now).state).equal('ok');
  });

  it('is unreachable after a moment without a connection, with the reason, until it is back', () => {
    const watched = new Watched().connect().round();
    watched.health.disconnected('connection refused', watched.now);
    watched.pass(4_000);
    should(watched.news()).be.empty();
    watched.pass(2_000);
    should(watched.news()).eql(['+BROKER_UNREACHABLE']);
    should(watched.message('BROKER_UNREACHABLE')).match(/connection refused/);
    watched.connect().round();
    should(watched.news()).eql(['-BROKER_UNREACHABLE']);
  });

  it('is unreachable when it was never there', () => {
    should(new Watched().pass(6_000).news()).eql(['+BROKER_UNREACHABLE']);
  });

  it('is unknown when the subscription is refused, and says which role is asked for', () => {
    const watched = new Watched();
    watched.health.refused('not authorized (0x87)');
    watched.pass(60_000);
    should(watched.news()).eql(['+SYS_REFUSED']);
    should(watched.message('SYS_REFUSED')).match(/role monitoring/);
    watched.connect().round();
    should(watched.news()).eql(['-SYS_REFUSED']);
  });

  it('is unknown when nothing comes below $SYS: silence is an alert', () => {
    const watched = new Watched();
    watched.health.connected(watched.now);
    watched.pass(34_000);
    should(watched.news()).be.empty();
    watched.pass(2_000);
    should(watched.news()).eql(['+SYS_MISSING']);
    watched.round();
    should(watched.news()).eql(['-SYS_MISSING']);
  });

  it('is not known by a kept uptime: that one may be old', () => {
    const watched = new Watched().connect();
    watched.pass(36_000);
    should(watched.news()).eql(['+SYS_MISSING']);
  });

  it('is stale when the uptime stands still while the connection stands', () => {
    const watched = new Watched().connect().round();
    watched.pass(60_000);
    should(watched.news()).eql(['+SYS_STALE']);
    watched.round();
    should(watched.news()).eql(['-SYS_STALE']);
  });

  it('is in danger when more messages wait than the limit, retained ones left out', () => {
    const watched = new Watched().connect({ 'retained messages/count': 500, 'store/messages/count': 10_500 });
    watched.round();
    should(watched.news()).be.empty();
    watched.round({ 'store/messages/count': 10_501 });
    should(watched.news()).eql(['+QUEUE_HIGH']);
    watched.round({ 'store/messages/count': 9_000 });
    should(watched.news()).be.empty();
    watched.round({ 'store/messages/count': 8_500 });
    should(watched.news()).eql(['-QUEUE_HIGH']);
  });

  it('says nothing of the queue while one of its two figures is not told', () => {
    const watched = new Watched().connect({ 'store/messages/count': 1_000_000 }).round();
    should(watched.news()).be.empty();
    should(metricsOf(watched.health, 'b', watched.now).queue).be.null();
  });

  describe('loses messages', () => {
    it('when the count of dropped ones grows, and not because of those of long ago', () => {
      const watched = new Watched().connect({ 'publish/messages/dropped': 7 }).round();
      should(watched.news()).be.empty();
      watched.round({ 'publish/messages/dropped': 19 });
      should(watched.news()).eql(['+MESSAGES_DROPPED']);
      should(watched.message('MESSAGES_DROPPED')).match(/^12 messages/);
      watched.round({ 'publish/messages/dropped': 20 });
      should(watched.message('MESSAGES_DROPPED')).match(/^13 messages/);
      for (let count = 0; count < 31; count++) watched.round();
      should(watched.news()).eql(['-MESSAGES_DROPPED']);
    });

    it('when the count comes that was not there: 2.0.11 lets it expire and publishes changes only', () => {
      const watched = new Watched().connect().round().round({ 'publish/messages/dropped': 8 });
      should(watched.news()).eql(['+MESSAGES_DROPPED']);
    });

    it('while we were away', () => {
      const watched = new Watched().connect({ 'publish/messages/dropped': 0 }).round();
      watched.health.disconnected('gone', watched.now);
      watched.pass(1_000);
      watched.connect({ 'publish/messages/dropped': 3 }).round();
      should(watched.news()).eql(['+MESSAGES_DROPPED']);
    });
  });

  it('loses clients when a tenth of them, and at least five, are gone within five minutes', () => {
    const watched = new Watched().connect({ 'clients/connected': 100 }).round();
    watched.round({ 'clients/connected': 91 });
    should(watched.news()).be.empty();
    watched.round({ 'clients/connected': 90 });
    should(watched.news()).eql(['+CLIENTS_LOST']);
    for (let count = 0; count < 31; count++) watched.round();
    should(watched.news()).eql(['-CLIENTS_LOST']);
    watched.round({ 'clients/connected': 86 });
    should(watched.news()).be.empty();

    const small = new Watched()
      .connect({ 'clients/connected': 10 })
      .round()
      .round({ 'clients/connected': 6 });
    should(small.news()).be.empty();
    should(small.round({ 'clients/connected': 5 }).news()).eql(['+CLIENTS_LOST']);
  });

  it('misses its guard plugin, unless it should have none', () => {
    const bare = (guard: boolean) => {
      const watched = new Watched({ guard });
      watched.health.connected(watched.now);
      for (let count = 0; count < 6; count++) {
        watched.pass(INTERVAL_MS);
        watched.say({ uptime: `${count * 10} seconds` });
      }
      return watched.news();
    };
    should(bare(true)).eql(['+GUARD_MISSING']);
    should(bare(false)).be.empty();
  });

  it('is in danger when the guard denies everything, and when its counters tell of trouble', () => {
    const none = {
      'egiz/auth/failures': 0,
      'egiz/rate_limited': 0,
      'egiz/reloads/failed': 0,
      'egiz/audit/dropped': 0,
    };
    const watched = new Watched().connect(none).round(none);
    watched.round({ 'egiz/acl/denying_all': 1, 'egiz/reloads/failed': 1, 'egiz/audit/dropped': 4 });
    should(watched.news().sort()).eql(['+AUDIT_DROPPED', '+GUARD_DENYING_ALL', '+RELOAD_FAILED']);
    watched.round({ 'egiz/auth/failures': 10, 'egiz/rate_limited': 1 });
    should(watched.news().sort()).eql(['+RATE_LIMITED', '-GUARD_DENYING_ALL']);
    watched.round({ 'egiz/auth/failures': 11 });
    should(watched.news()).eql(['+LOGIN_FAILURES']);
    for (let count = 0; count < 6; count++) watched.round();
    should(watched.news()).eql(['-LOGIN_FAILURES']);
  });

  it('tells of a restart, and begins its figures anew', () => {
    const watched = new Watched()
      .connect({ 'clients/connected': 100, 'publish/messages/dropped': 50 })
      .round();
    watched.restart();
    watched.round({ 'publish/messages/dropped': 0 });
    should(watched.news()).eql(['+BROKER_RESTARTED']);
    should(watched.health.figures).not.have.property('clientsConnected');
    watched.round({ 'clients/connected': 3 });
    should(watched.news()).be.empty();
  });

  it('tells of a restart, too, when the new uptime has overtaken the old one', () => {
    const watched = new Watched();
    watched.restart();
    watched.connect().round();
    watched.health.disconnected('gone', watched.now);
    watched.restart();
    watched.pass(60_000);
    watched.news();
    watched.connect();
    for (let count = 0; count < 3; count++) watched.round();
    should(watched.news()).eql(['-BROKER_UNREACHABLE', '+BROKER_RESTARTED']);
  });

  describe('is reported', () => {
    const busy = () => {
      const watched = new Watched().connect({ version: 'mosquitto version 2.0.11', 'clients/connected': 12 });
      for (const received of [1_000, 1_500, 2_000]) {
        watched.round({
          'publish/messages/received': received,
          'egiz/messages/telemetry/thermal/count': received,
          'egiz/messages/telemetry/thermal/rate': '50.00',
        });
      }
      return watched.round();
    };

    it('as metrics: null for what was not told, rates a second, families of topics', () => {
      const watched = busy();
      const metrics = metricsOf(watched.health, 'plant', watched.now);
      should(metrics).match({
        broker: 'plant',
        up: true,
        version: 'mosquitto version 2.0.11',
        guard: true,
        queue: null,
        rates: { published: 50, delivered: null },
        families: { 'telemetry/thermal': { count: 2_000, rate: 50 } },
        alerts: [],
      });
      should(metrics.figures).match({ clientsConnected: 12, published: 2_000, dropped: null });
    });

    it('for a dashboard: one state, one sentence, the worst first', () => {
      const watched = busy();
      should(digestOf(watched.health, 'plant', watched.now)).match({
        state: 'ok',
        text: 'All is well',
        uptime: '17 min 20 s',
        clients: 12,
        messagesIn: 50,
        alerts: [],
      });
      watched.round({ 'egiz/audit/dropped': 1, 'publish/messages/dropped': 1 });
      const { state, text, alerts } = digestOf(watched.health, 'plant', watched.now);
      should({ state, text }).match({ state: 'critical', text: /^1 messages were dropped/ });
      should(alerts.map(({ code }) => code)).eql(['MESSAGES_DROPPED', 'AUDIT_DROPPED']);
      should(digestOf(new Watched().health, 'plant', watched.now).state).equal('unknown');
    });

    it('to Prometheus, with the name of the broker', async () => {
      const watched = busy();
      const registry = new Registry();
      const metrics = new BrokerMetrics(registry);
      const unwatch = metrics.watch('plant', watched.health);
      const lines = (await registry.metrics()).split('\n');
      should(lines).containDeep([
        'egiz_broker_up{broker="plant"} 1',
        'egiz_broker_clients_connected{broker="plant"} 12',
        '# TYPE egiz_broker_publish_received_total counter',
        'egiz_broker_publish_received_total{broker="plant"} 2000',
        'egiz_broker_alert{broker="plant",code="QUEUE_HIGH",severity="warning"} 0',
        'egiz_broker_family_messages_total{broker="plant",family="telemetry/thermal"} 2000',
      ]);
      should(lines.filter((line) => line.startsWith('egiz_broker_queued_messages'))).be.empty();
      unwatch();
      should(await registry.metrics()).not.containEql('plant');
    });
  });
});
