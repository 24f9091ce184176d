"""SEC-5: at most 100 messages a second per client, and nobody else suffers."""
import threading
import time
import unittest

from fixtures import OVEN, QUOTA, BrokerCase


def burst(client, topic, count, qos=1):
    """Sends `count` messages in one write; the PUBACK codes."""
    client.sock.sendall(b"".join(client.publish_packet(topic, qos=qos) for _ in range(count)))
    return [client.ack() for _ in range(count)] if qos else []


class RateLimit(BrokerCase):
    def test_over_the_limit_is_dropped_and_said_and_never_a_disconnect(self):
        archive, device = self.archive(), self.device()
        codes = burst(device, OVEN + "/telemetry", 300)
        passed = sum(1 for code in codes if code < 0x80)
        self.assertEqual({QUOTA}, {code for code in codes if code >= 0x80})
        self.assertTrue(100 <= passed <= 200, passed)
        self.assertEqual(passed, len(archive.messages(1)))
        self.assertTrue(device.alive())

    def test_qos_0_is_dropped_too(self):
        archive, device = self.archive(), self.device()
        burst(device, OVEN + "/telemetry", 300, qos=0)
        device.ping()
        self.assertTrue(100 <= len(archive.messages(1)) <= 200)

    def test_mqtt_311_client_stays_connected(self):
        archive, device = self.archive(), self.device(version=4)
        burst(device, OVEN + "/telemetry", 300)
        self.assertTrue(100 <= len(archive.messages(1)) <= 200)
        self.assertTrue(device.alive())

    def test_the_bucket_fills_again(self):
        device = self.device()
        burst(device, OVEN + "/telemetry", 250)
        time.sleep(0.5)
        codes = burst(device, OVEN + "/telemetry", 30)
        self.assertEqual([], [code for code in codes if code >= 0x80])

    def test_another_client_is_unaffected(self):
        archive = self.archive()
        loud = self.device()
        stop = threading.Event()

        def flood():
            while not stop.is_set():
                burst(loud, OVEN + "/telemetry", 200)
        thread = threading.Thread(target=flood)
        thread.start()
        quiet = self.broker.client("esp32-oven002-elec")
        topic = "openegiz/factory-a/oven/oven-002/electrical/telemetry"
        codes = []
        for _ in range(60):
            codes.append(quiet.publish(topic, qos=1))
            time.sleep(0.025)
        stop.set()
        thread.join()
        self.assertEqual([0] * 60, codes)
        self.assertEqual(60, sum(1 for t, _ in archive.messages(2) if t == topic))

    def test_an_account_has_its_own_rate_and_burst(self):
        device = self.broker.client("esp32-oven002-elec")
        codes = burst(device, "openegiz/factory-a/oven/oven-002/electrical/telemetry", 100)
        passed = sum(1 for code in codes if code < 0x80)
        self.assertTrue(20 <= passed <= 60, passed)
        core = self.broker.client("egizcore")
        codes = burst(core, "openegiz/factory-a/oven/oven-001/command", 1000)
        self.assertEqual([], [code for code in codes if code >= 0x80])

    def test_new_limits_reach_connected_clients(self):
        device = self.device()
        text = self.accounts.replace("account esp32-oven001-elec device",
                                     "account esp32-oven001-elec device rate=5 burst=5")
        self.broker.write("accounts", text)
        self.broker.reload()
        codes = burst(device, OVEN + "/telemetry", 60)
        self.assertTrue(sum(1 for code in codes if code < 0x80) <= 15)

    def test_the_audit_log_counts_what_was_dropped(self):
        device = self.device()
        dropped = sum(1 for code in burst(device, OVEN + "/telemetry", 300) if code >= 0x80)
        device.disconnect()
        self.broker.wait_event("disconnect", account="esp32-oven001-elec")
        events = self.broker.events("rate_limited")
        self.assertEqual(dropped, sum(e["count"] for e in events))
        self.assertEqual("esp32-oven001-elec", events[0]["account"])
        self.assertEqual(OVEN + "/telemetry", events[0]["topic"])
        self.assertLessEqual(len(events), 4)


if __name__ == "__main__":
    unittest.main()
