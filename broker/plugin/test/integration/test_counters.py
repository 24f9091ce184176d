"""FR-5.6: what happened, as numbers under $SYS/broker/egiz/."""
import os
import time
import unittest

from fixtures import OVEN, BrokerCase


class Counters(BrokerCase):
    def watch(self, seconds=2.5):
        """The last value of every counter."""
        client = self.broker.client("watch")
        self.assertEqual(1, client.subscribe("$SYS/broker/egiz/#"))
        values = {t.removeprefix("$SYS/broker/egiz/"): m.decode() for t, m in client.messages(seconds)}
        client.disconnect()
        return values

    def test_messages_are_counted_by_family(self):
        device, core = self.device(), self.broker.client("egizcore")
        for _ in range(7):
            device.publish(OVEN + "/telemetry", qos=1)
        for _ in range(3):
            device.publish(OVEN + "/status", qos=1)
        core.publish("openegiz/factory-a/oven/oven-001/command", qos=1)
        device.publish("openegiz/elsewhere", qos=1)
        values = self.watch()
        self.assertEqual("7", values["messages/telemetry/electrical/count"])
        self.assertEqual("3", values["messages/status/count"])
        self.assertEqual("1", values["messages/command/count"])
        self.assertEqual("0", values["messages/other/count"])
        self.assertEqual("1", values["acl/denied/publish"])

    def test_the_rate_is_per_second(self):
        device = self.device()
        self.watch(1.5)
        end, sent = time.monotonic() + 2.2, 0
        while time.monotonic() < end:
            device.publish(OVEN + "/telemetry", qos=1)
            sent += 1
            time.sleep(0.05)
        rates = float(self.watch(0.3)["messages/telemetry/electrical/rate"])
        self.assertTrue(5 <= rates <= 25, rates)

    def test_logins_denials_limits_and_takeovers(self):
        self.broker.connect("archive", "archive", "wrong")
        self.device(client_id="esp32-oven002-elec")
        self.device()
        device = self.device()
        device.subscribe("openegiz/#")
        device.sock.sendall(b"".join(device.publish_packet(OVEN + "/telemetry", qos=1)
                                     for _ in range(150)))
        limited = sum(1 for _ in range(150) if device.ack() >= 0x80)
        values = self.watch()
        self.assertEqual("2", values["auth/failures"])
        self.assertEqual("1", values["auth/client_ids_refused"])
        self.assertEqual("1", values["clients/takeovers"])
        self.assertEqual("1", values["acl/denied/subscribe"])
        self.assertEqual(str(limited), values["rate_limited"])
        self.assertEqual("2", values["clients/connected"])
        self.assertEqual("0", values["audit/dropped"])
        self.assertEqual("0", values["acl/denying_all"])

    def test_they_are_retained_for_a_late_reader(self):
        time.sleep(1.2)
        self.assertIn("clients/connected", self.watch(0.3))


class AuditFiles(BrokerCase):
    options = {"audit_max_bytes": "65536", "audit_keep": "2", "client_id": "any"}

    def test_the_log_is_rotated_and_bounded(self):
        for i in range(500):
            self.broker.connect("x" * 120 + str(i), "ghost" + "y" * 100, "x").close()
        self.broker.wait_for(lambda: os.path.exists(self.broker.path("audit.jsonl.2")))
        time.sleep(0.5)
        names = sorted(n for n in os.listdir(self.broker.dir) if n.startswith("audit.jsonl"))
        self.assertEqual(["audit.jsonl", "audit.jsonl.1", "audit.jsonl.2"], names)
        for name in names:
            self.assertLessEqual(os.path.getsize(self.broker.path(name)), 65536)
            self.assertEqual(0, os.stat(self.broker.path(name)).st_mode & 0o007)

    def test_a_log_that_cannot_be_written_stops_nobody(self):
        self.device().disconnect()
        self.broker.wait_event("disconnect")
        os.chmod(self.broker.path("audit.jsonl"), 0)
        os.chmod(self.broker.dir, 0o500)
        self.broker.process.send_signal(1)  # SIGHUP: the file is opened anew
        time.sleep(0.5)
        for _ in range(20):
            self.assertTrue(self.device().alive())
        self.broker.wait_for(lambda: "cannot be written: audit events are lost" in self.broker.log())
        os.chmod(self.broker.path("audit.jsonl"), 0o600)
        os.chmod(self.broker.dir, 0o700)
        self.device()
        self.assertGreater(self.broker.wait_event("audit_dropped")["count"], 10)


if __name__ == "__main__":
    unittest.main()
