import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import should from 'should';
import { parse } from 'yaml';
import { AlertReceiver } from '../support/alert-receiver';
import { FaultyPlant } from '../support/faulty-plant';
import { Monitoring } from '../support/monitoring';
import { ROOT } from '../support/node-red';
import { eventually } from '../support/running-stack';

const ARRIVAL_MS = 60_000;
/** Two values of one target: a rule that cannot be evaluated. */
const IMPOSSIBLE_RULE = {
  'impossible.yml': `groups: [{ name: impossible, rules: [{ record: impossible, expr: up * on () up }] }]`,
};

interface Rule {
  readonly alert?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

const alerts = new Map(
  readdirSync(join(ROOT, 'monitoring/rules')).flatMap((file) => {
    const text = readFileSync(join(ROOT, 'monitoring/rules', file), 'utf8');
    const { groups } = parse(text) as { groups: readonly { readonly rules: readonly Rule[] }[] };
    const rules = groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
    return rules.map(({ alert = '', labels }) => [alert, labels?.severity] as const);
  }),
);

/** PRD, phase 4: alerts trigger on simulated failure. Each fault is caused, each alert arrives at who is on call. */
describe('alerts', function () {
  this.timeout(120_000);
  let plant: FaultyPlant;
  let receiver: AlertReceiver;
  let monitoring: Monitoring;
  const tested = new Set<string>();

  before(async () => {
    [plant, receiver] = await Promise.all([FaultyPlant.start(), AlertReceiver.start()]);
    monitoring = await Monitoring.start({
      targets: plant.targets,
      receiverPort: receiver.port,
      rules: IMPOSSIBLE_RULE,
    });
    // What rises must have been seen low.
    await seen('count(up == 1) == 11');
    await seen('count(egiz_guard_heard_timestamp_seconds) == 2');
    await seen('egiz_audit_events_total{instance="main", event="refused", reason="login"} == 0');
  });
  after(async () => {
    await monitoring?.close();
    await receiver?.close();
    await plant?.close();
  });

  /** Waits until Prometheus finds something. */
  async function seen(expression: string): Promise<void> {
    for (const end = Date.now() + ARRIVAL_MS; (await monitoring.query(expression)).length === 0; ) {
      if (Date.now() > end) throw new Error(`never: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** Whoever is on call has been told, by the way that its severity asks for. */
  function arrives(alert: string): void {
    it(alert, async () => {
      await eventually(
        () => receiver.of(alert) !== undefined,
        ARRIVAL_MS,
        () => `arrived: ${[...arrived()]}`,
      );
      const way = alerts.get(alert) === 'critical' ? 'page' : 'ticket';
      should(receiver.of(alert)).match({
        path: `/${way}`,
        authorization: `Bearer the ${way}-token`,
        annotations: { runbook_url: /^https:.*#/ },
      });
      tested.add(alert);
    });
  }

  const arrived = () => new Set(receiver.notifications.map(({ labels }) => labels.alertname));

  describe('of what clients do, to a real broker', () => {
    before(async () => {
      const clients = await plant.connectClients();
      await plant.publishTelemetry(1);
      await seen('instance:broker_clients:connected{instance="main"} >= 5');
      await seen('egiz_guard_messages_count{family="telemetry/electrical"} > 0');
      await Promise.all(clients.map((client) => client.endAsync()));
      await Promise.all([
        plant.guessPasswords(),
        plant.askForTooMuch(),
        plant.publishTelemetry(400),
        plant.shareAnAccount(),
        plant.comeAndGo(),
      ]);
    });
    arrives('ClientDisconnects');
    arrives('AuthenticationFailures');
    arrives('AccessDenied');
    arrives('RateLimited');
    arrives('SessionTakeovers');
    arrives('ClientsReconnecting');
  });

  describe('of brokers that are not set up as they should', () => {
    before(async () => {
      await plant.ageCertificates();
      await plant.parts.mute.connect('acme.press-line-1');
      for (let restart = 1; restart <= 2; restart++) {
        await seen('mosquitto_uptime{instance="bare"} > 3');
        await plant.parts.bare.broker.kill();
        await plant.parts.bare.broker.run();
        await seen(`resets(mosquitto_uptime{instance="bare"}[10m]) == ${restart}`);
      }
    });
    arrives('GuardNotLoaded');
    arrives('BrokerSysMissing');
    arrives('AuditEventsLost');
    arrives('CertificatesUnwatched');
    arrives('BrokerRestarts');
    arrives('CertificateExpiring');
    arrives('CertificateNearlyExpired');
    arrives('ClientCertificatesExpiring');
  });

  describe('of an archive that stays away from a real broker', () => {
    before(async () => {
      await plant.leaveASession();
      await plant.publish(10_500);
    });
    arrives('BrokerQueueLong');

    describe('until its queue is full', () => {
      before(() => plant.publish(1_500));
      arrives('BrokerMessagesDropped');
    });
  });

  describe('of boards that a real Node-RED follows', () => {
    before(async () => {
      await plant.sayStatus('esp32-oven001-elec', 'online', 'offline');
      await plant.sayStatus('esp32-oven001-therm', 'online', 'offline', 'online', 'offline', 'online');
    });
    arrives('DevicesOffline');
    arrives('DevicesFlapping');
    arrives('DevicesStale');

    describe('when more of them go', () => {
      before(async () => {
        await plant.sayStatus('esp32-oven001-therm', 'offline');
        await plant.sayStatus('esp32-zonea-amb', 'online', 'offline');
      });
      arrives('ManyDevicesOffline');
    });
  });

  describe('of what takes long to happen in Node-RED', () => {
    before(() =>
      plant.parts.troubledNodeRed.say({
        egiz_outbox_oldest_seconds: 301,
        'egiz_commands{state="failed"}': 2,
        'egiz_commands{state="timed_out"}': 1,
        'egiz_telemetry_messages_total{result="valid",sensor_type="thermal"}': 1_000_000,
        'egiz_telemetry_messages_total{result="shed",sensor_type="thermal"}': 10,
      }),
    );
    arrives('OutboxOld');
    arrives('ConfigurationsFailed');
    arrives('ConfigurationsTimedOut');
    arrives('TelemetryShed');
  });

  describe('of telemetry that a real Node-RED takes in', () => {
    before(() => plant.loseTelemetry());
    arrives('TelemetryInvalid');
    arrives('TelemetryLost');
    arrives('TelemetryLate');

    describe('when more is lost', () => {
      before(() =>
        plant.parts.troubledNodeRed.say({ 'egiz_telemetry_lost_total{sensor_type="thermal"}': 5_000 }),
      );
      arrives('TelemetryLossHigh');
    });
  });

  describe('of a real archive', () => {
    before(async () => {
      await plant.provokeConflict();
      await plant.failATask();
    });
    arrives('ArchiveMessagesRejected');
    arrives('InfluxDBTaskFailed');

    describe('when its token is not valid any more', () => {
      before(async () => {
        await plant.revokeToken();
        await plant.publishNonsense(700);
      });
      arrives('ArchiveWriteErrors');
      arrives('DeadLetters');
      arrives('ArchiveBufferFilling');
    });

    describe('when its buffer is full', () => {
      before(() => plant.publishNonsense(700));
      arrives('ArchiveMessagesDropped');
    });
  });

  describe('of a real auditor', () => {
    before(() => plant.loseAMessage());
    arrives('ArchiveIncomplete');

    describe('when it may not read any more', () => {
      before(() => plant.blindAuditor());
      arrives('ArchiveAuditFailed');
    });

    describe('when it hangs', () => {
      before(() => {
        const longAgo = Date.now() / 1_000 - 4_000;
        plant.parts.hungAuditor.say({ egiz_archive_last_audit_timestamp_seconds: longAgo });
      });
      arrives('ArchiveAuditStale');
    });
  });

  describe('of the monitoring itself', () => {
    before(() => {
      receiver.refused.add('/ticket');
      // That an alert has ended is told as well.
      plant.parts.hungAuditor.say({ egiz_archive_last_audit_timestamp_seconds: Date.now() / 1_000 });
    });
    after(() => receiver.refused.clear());
    arrives('AlertsNotDelivered');
  });

  describe('of boards that have said nothing since', () => {
    arrives('TelemetryStopped');
  });

  describe('of rights that cannot be read', () => {
    let mend = () => {};
    before(() => {
      mend = plant.breakRights();
    });
    after(() => mend());
    arrives('GuardDeniesEverything');
    arrives('BrokerReloadFailed');
    arrives('RuleEvaluationFailing');
  });

  describe('of what is not there any more', () => {
    before(async () => {
      const { main, nodeRed, archive, auditor, influxdb, mute } = plant.parts;
      await main.broker.kill();
      await Promise.all([archive, auditor, influxdb].map((part) => part.stop()));
      await Promise.all([nodeRed, mute].map((part) => part.close()));
    });
    arrives('BrokerDown');
    arrives('BrokerUnwatched');
    arrives('NodeRedDown');
    arrives('ArchiveTelegrafDown');
    arrives('AuditorDown');
    arrives('InfluxDBDown');
  });

  describe('all together', () => {
    it('say nothing of what follows from another one', async () => {
      const active = await monitoring.alertmanagerAlerts();
      const states = (name: string, instance: string) =>
        active
          .filter(({ labels }) => labels.alertname === name && labels.instance === instance)
          .map(({ status }) => status.state);
      states('BrokerDown', 'main').should.eql(['active']);
      states('DevicesStale', 'node-red').should.not.containEql('active');
      states('BrokerQueueLong', 'main').should.eql(['suppressed']);
      states('GuardNotLoaded', 'bare').should.eql(['active']);
    });

    it('AlertmanagerDown is seen in Prometheus, since nobody can be told', async () => {
      await monitoring.stopAlertmanager();
      await seen('ALERTS{alertname="AlertmanagerDown", alertstate="firing"}');
      tested.add('AlertmanagerDown');
    });

    it('are simulated, every one', () => {
      [...tested].sort().should.eql([...alerts.keys()].sort());
    });
  });
});
